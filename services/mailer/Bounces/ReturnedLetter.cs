using System.Text.RegularExpressions;
using MimeKit;

namespace Newsletter.Mailer.Bounces;

/// <summary>What a report gives back of the letter that it is about.</summary>
/// <param name="MessageIds">Those that may be the letter's, the likeliest first.</param>
/// <param name="To">Whom the letter was for; empty where that is not told.</param>
internal sealed partial record ReturnedLetter(IReadOnlyList<string> MessageIds, string To)
{
    // A bounce in words may return all of a letter, and a mail of somebody's may hold anything.
    private const int MaxText = 128 << 10;
    private const int MaxIds = 20;

    public static ReturnedLetter In(MimeMessage report, IReadOnlyList<MimeEntity> parts)
    {
        var returned = parts.Select(HeadersOf).OfType<HeaderList>().ToList();
        // Some servers print the letter's headers into their text; others answer it as a person would.
        var ids = returned.SelectMany(headers => IdsIn(headers[HeaderId.MessageId])).Concat(parts.OfType<TextPart>().SelectMany(p => IdsIn(TextOf(p))))
            .Append(report.InReplyTo ?? "").Concat(report.References);
        var to = returned.Select(headers => headers[HeaderId.To]).OfType<string>().FirstOrDefault();
        to ??= parts.OfType<TextPart>().Select(p => ToLine().Match(TextOf(p))).FirstOrDefault(m => m.Success)?.Groups["to"].Value;
        return new([.. ids.Where(id => id.Length > 0).Distinct().Take(MaxIds)], AddressIn(to));
    }

    /// <summary>As much of a text as is looked at.</summary>
    public static string TextOf(TextPart part)
    {
        var text = part.Text ?? "";
        return text.Length > MaxText ? text[..MaxText] : text;
    }

    /// <summary>The whole letter, or its headers: of text/rfc822-headers, MimeKit makes a message without a body.</summary>
    private static HeaderList? HeadersOf(MimeEntity part) => part is MessagePart { Message: { } message } ? message.Headers : null;

    private static IEnumerable<string> IdsIn(string? text) =>
        text is null ? [] : BracketedId().Matches(text).Select(m => m.Groups["id"].Value);

    private static string AddressIn(string? to) =>
        to is not null && InternetAddressList.TryParse(to, out var list) && list.Mailboxes.ToList() is [var one] ? one.Address : "";

    // The ids that we make, and no other: a mail may quote any number of others.
    [GeneratedRegex(@"<(?<id>[0-9a-f]{32}(\.[0-9a-f]{32})?\.[0-9a-f]{16}@[^<>\s]{1,255})>")]
    private static partial Regex BracketedId();

    [GeneratedRegex(@"^[> \t]*To:[ \t]*(?<to>[^\r\n]{3,320})\r?$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex ToLine();
}
