using System.Text.RegularExpressions;
using MimeKit;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Bounces;

/// <summary>
/// Bounces in a server's own words: qmail, Exim's older ones, gateways, national providers. Whoever writes back about a letter of ours may be a person,
/// or a mailbox whose owner is away; a mail counts only where its sender or subject is a server's, nothing shows it to be an automatic reply, and its text
/// says why the letter did not arrive.
/// </summary>
internal static partial class BounceTexts
{
    /// <summary>Null for what is none.</summary>
    public static IncomingMail? Read(MimeMessage mail, IReadOnlyList<MimeEntity> parts, ReturnedLetter letter)
    {
        if (letter.MessageIds.Count == 0 || !IsFromServer(mail) || IsAutomaticReply(mail)) return null;
        var text = string.Join('\n', parts.OfType<TextPart>().Select(Said));
        if (KindOf(mail.Subject ?? "", text) is not { } kind) return null;
        var status = Statuses.First(text) ?? Statuses.ReplyCode(text) ?? "";
        var address = letter.To.Length > 0 ? letter.To : mail.Headers["X-Failed-Recipients"]?.Trim() ?? "";
        return new("text", [new(kind, letter.MessageIds, address, status, Why(text, status))]);
    }

    private static EventKind? KindOf(string subject, string text)
    {
        if (Warning().IsMatch(subject) || StillTrying().IsMatch(text)) return EventKind.Deferred;
        if (Statuses.First(text) is { } status) return status[0] == '2' ? null : Statuses.Meaning(status, text);
        if (Statuses.ByWords(text) is { } kind) return kind;
        return Statuses.ReplyCode(text) is { } code ? Statuses.Meaning(code, text) : null;
    }

    private static bool IsFromServer(MimeMessage mail) =>
        mail.Headers["X-Failed-Recipients"] is not null
        || mail.From.Mailboxes.Any(from => Server().IsMatch(from.Address))
        || (mail.Headers[HeaderId.ReturnPath]?.Trim() == "<>" && Bounced().IsMatch(mail.Subject ?? ""));

    private static bool IsAutomaticReply(MimeMessage mail) =>
        AutomaticReply().IsMatch(mail.Subject ?? "")
        || mail.Headers["X-Autoreply"] is not null || mail.Headers["X-Autorespond"] is not null || mail.Headers["X-Autoresponder"] is not null
        || mail.Headers["Precedence"]?.Trim().ToLowerInvariant() is "auto_reply" or "auto-reply"
        || (mail.Headers["Auto-Submitted"] ?? "").Contains("vacation", StringComparison.OrdinalIgnoreCase);

    /// <summary>What the server says, before it gives the letter back.</summary>
    private static string Said(TextPart part)
    {
        var text = ReturnedLetter.TextOf(part);
        if (part.IsHtml) text = WebTag().Replace(text, " ");
        return GivenBack().Match(text) is { Success: true, Index: > 0 } letter ? text[..letter.Index] : text;
    }

    /// <summary>The line that tells the reason.</summary>
    private static string Why(string text, string status)
    {
        var lines = text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return Array.Find(lines, line => status.Length > 0 ? line.Contains(status, StringComparison.Ordinal) : Statuses.ByWords(line) is not null) ?? "";
    }

    [GeneratedRegex(@"^(mailer-?daemon|mail-?daemon|postmaster|mdaemon|mail[-.]?delivery(-?(system|subsystem|service))?|bounces?|mailerdaemon|microsoftexchange[0-9a-f]+)(\+[^@]*)?@", RegexOptions.IgnoreCase)]
    private static partial Regex Server();

    [GeneratedRegex(
        @"undeliver|non-?deliver|not (be )?delivered|delivery (status|report|fail|error|problem|has failed|notification)|failed delivery|failure notice|returned (mail|to sender)|mail (delivery )?(failed|failure|error|system error)"
        + @"|unzustellbar|nicht zugestellt|non remis|échec|no entregado|não entregue|mancata consegna|onbestelbaar",
        RegexOptions.IgnoreCase)]
    private static partial Regex Bounced();

    [GeneratedRegex(
        @"out of (the )?office|auto(matic|mated)?[- ]?(reply|response|answer)|autoreply|on vacation|away from|i am away|abwesen|automatische antwort|réponse automatique|absence|respuesta automática|risposta automatica|automatisch antwoord|resposta automática|automatiskt svar|ответ",
        RegexOptions.IgnoreCase)]
    private static partial Regex AutomaticReply();

    [GeneratedRegex(@"\b(delay|delayed|warning|verzögert)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Warning();

    [GeneratedRegex(@"(will|shall) (keep trying|continue|be retried|try again)|still (being )?(trying|retried)|not yet been delivered|has been delayed|do not need to (resend|re-send)|this is a warning", RegexOptions.IgnoreCase)]
    private static partial Regex StillTrying();

    [GeneratedRegex(
        @"^[ \t>]*(-{2,20}.{0,60}(copy of (the|your) message|original message|returned message|message (header|text) follows|included|unsent message|headers? follow).{0,60}|(Return-Path|Received|DKIM-Signature|Message-ID):.*)$",
        RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex GivenBack();

    [GeneratedRegex("<[^<>]{1,2000}>")]
    private static partial Regex WebTag();
}
