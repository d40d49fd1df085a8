using MimeKit;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Bounces;

/// <summary>Abuse Reporting Format, RFC 5965: a reader called the letter spam, or wants no more of them.</summary>
internal static class FeedbackReports
{
    /// <summary>Null for what is none.</summary>
    public static IncomingMail? Read(IReadOnlyList<MimeEntity> parts, ReturnedLetter letter)
    {
        if (parts.OfType<MessageFeedbackReport>().FirstOrDefault() is { } report)
        {
            var address = (report.Fields["Original-Rcpt-To"] ?? "").Trim().Trim('<', '>');
            var kind = KindOf(report.Fields["Feedback-Type"]);
            return new("arf", kind is { } known ? [new(known, letter.MessageIds, letter.To.Length > 0 ? letter.To : address, "", "")] : []);
        }
        // Microsoft's older form: the letter as it was, with one header that names who complained.
        var complained = parts.OfType<MessagePart>().Select(p => p.Message?.Headers["X-HmXmrOriginalRecipient"]).FirstOrDefault(address => address is not null);
        return complained is null ? null : new("arf", [new(EventKind.SpamReport, letter.MessageIds, complained.Trim(), "", "")]);
    }

    /// <summary>Null for what says nothing about the reader: reports of failed signatures, and of mail that is not spam.</summary>
    private static EventKind? KindOf(string? type) => type?.Trim().ToLowerInvariant() switch
    {
        // Who opts out at their provider must get no more letters, as must who complains: we cannot end their consents, so the address is held back.
        "abuse" or "fraud" or "virus" or "other" or "miscategorized" or "opt-out" or "opt-out-list" => EventKind.SpamReport,
        _ => null,
    };
}
