using System.Globalization;
using MailKit.Net.Smtp;
using Newsletter.Mailer.Figures;

namespace Newsletter.Mailer.Providers;

/// <summary>What a mail server's refusal means for a letter: RFC 5321's code, and RFC 3463's where the text begins with one.</summary>
internal static class SmtpAnswer
{
    public static SendOutcome Of(string key, SmtpCommandException e)
    {
        var status = (int)e.StatusCode;
        var detail = Enhanced(e.Message);
        var code = detail ?? status.ToString(CultureInfo.InvariantCulture);
        var text = FailureTexts.Plain(e.Message);
        if (status is < 500 or > 599)
        {
            var meaning = SmtpThrottle.Of(status, detail, e.Message, isOfRecipient: e.ErrorCode is SmtpErrorCode.RecipientNotAccepted or SmtpErrorCode.MessageNotAccepted);
            return new SendOutcome.Deferred(key, code, text, meaning.RetryAfter) { Holds = meaning.Scope, HoldReason = meaning.Reason };
        }
        return new SendOutcome.Rejected(key, IsAddressBad(e.ErrorCode, status, detail), code, text);
    }

    /// <summary>It did not let us in, with an answer of its own: too many connections are no failure.</summary>
    public static SendOutcome.Deferred OfConnection(string key, SmtpConnections.NotConnectedException e)
    {
        if (e.Answer is not { } said || (int)said.StatusCode != 421) return new(key, e.Code, "", null) { IsAway = true };
        var meaning = SmtpThrottle.Of(421, Enhanced(said.Message), said.Message, isOfRecipient: false);
        return new(key, e.Code, FailureTexts.Plain(said.Message), meaning.RetryAfter) { Holds = HoldScope.Account, HoldReason = meaning.Reason.Length > 0 ? meaning.Reason : Pace.HoldReasons.Busy };
    }

    /// <summary>5.1.x: bad address; 5.2.1: mailbox disabled. 5.7.x is policy and 5.2.2 a full mailbox: the address is good.</summary>
    private static bool IsAddressBad(SmtpErrorCode stage, int status, string? detail) => detail switch
    {
        null => stage == SmtpErrorCode.RecipientNotAccepted && status is 550 or 551 or 553,
        "5.1.7" or "5.1.8" => false,
        "5.2.1" => true,
        _ => detail.StartsWith("5.1.", StringComparison.Ordinal),
    };

    private static string? Enhanced(string text)
    {
        var word = text.AsSpan().TrimStart();
        var end = word.IndexOfAny(' ', '\r', '\n');
        if (end > 0) word = word[..end];
        Span<Range> parts = stackalloc Range[4];
        if (word.Length > 11 || word.Split(parts, '.') != 3) return null;
        foreach (var part in parts[..3])
        {
            if (!int.TryParse(word[part], NumberStyles.None, CultureInfo.InvariantCulture, out _)) return null;
        }
        return word[0] is '4' or '5' ? word.ToString() : null;
    }
}
