using MimeKit;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Bounces;

/// <summary>Abuse Reporting Format, RFC 5965: a reader called the letter spam, or wants no more of them.</summary>
internal static class FeedbackReports
{
    /// <summary>Of the format's drafts, and still sent: of this list alone.</summary>
    private const string OptOutOfList = "opt-out-list";

    /// <summary>Null for what is none.</summary>
    public static IncomingMail? Read(IReadOnlyList<MimeEntity> parts, ReturnedLetter letter)
    {
        if (parts.OfType<MessageFeedbackReport>().FirstOrDefault() is { } report)
        {
            var address = (report.Fields["Original-Rcpt-To"] ?? "").Trim().Trim('<', '>');
            var type = (report.Fields["Feedback-Type"] ?? "").Trim().ToLowerInvariant();
            if (KindOf(type) is not { } kind) return new("arf", []);
            return new("arf", [new(kind, letter.MessageIds, letter.To.Length > 0 ? letter.To : address, "", "") { IsOfAll = kind == EventKind.Unsubscribe && type != OptOutOfList }]);
        }
        // Microsoft's older form: the letter as it was, with one header that names who complained.
        var complained = parts.OfType<MessagePart>().Select(p => p.Message?.Headers["X-HmXmrOriginalRecipient"]).FirstOrDefault(address => address is not null);
        return complained is null ? null : new("arf", [new(EventKind.SpamReport, letter.MessageIds, complained.Trim(), "", "")]);
    }

    /// <summary>Null for what says nothing against the letter: reports of failed signatures, and of mail that is not spam (RFC 6430).</summary>
    private static EventKind? KindOf(string type) => type switch
    {
        "abuse" or "fraud" or "virus" or "other" or "miscategorized" => EventKind.SpamReport,
        // Who leaves does not complain: their address takes what else they want, and their leaving says nothing of our reputation.
        "opt-out" or OptOutOfList => EventKind.Unsubscribe,
        _ => null,
    };
}
