using MimeKit;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Bounces;

/// <summary>Delivery status notifications, RFC 3464: one group of fields for the message, then one for each recipient.</summary>
internal static class StatusReports
{
    /// <summary>Null for what is none.</summary>
    public static IncomingMail? Read(IReadOnlyList<MimeEntity> parts, ReturnedLetter letter)
    {
        if (parts.OfType<MessageDeliveryStatus>().FirstOrDefault() is not { } status) return null;
        var recipients = status.StatusGroups.Where(group => group["Action"] is not null || group["Status"] is not null).ToList();
        return new("dsn", [.. recipients.Select(group => Read(group, letter, recipients.Count)).OfType<Report>()]);
    }

    private static Report? Read(HeaderList fields, ReturnedLetter letter, int recipients)
    {
        var diagnostic = ValueOf(fields["Diagnostic-Code"]);
        var status = Statuses.First(fields["Status"] ?? "");
        // Exim and qmail say 5.0.0 of everything, and the truth in what the other server said.
        if (status is null || status.EndsWith(".0.0", StringComparison.Ordinal)) status = Statuses.First(diagnostic) ?? status ?? Statuses.ReplyCode(diagnostic) ?? "";
        if (KindOf(fields["Action"], status, diagnostic) is not { } kind) return null;
        // A letter of ours has one recipient; where the server's report has several, it says itself whose each is.
        var told = ValueOf(fields["Original-Recipient"]) is { Length: > 0 } original ? original : ValueOf(fields["Final-Recipient"]);
        return new(kind, letter.MessageIds, recipients == 1 && letter.To.Length > 0 ? letter.To : told, status, diagnostic);
    }

    private static EventKind? KindOf(string? action, string status, string diagnostic) => action?.Trim().ToLowerInvariant() switch
    {
        "delivered" => EventKind.Delivered,
        // Handed on to where nobody reports any more.
        "relayed" or "expanded" => EventKind.Processed,
        "delayed" => EventKind.Deferred,
        "failed" => Statuses.Meaning(status, diagnostic),
        null or "" when status.StartsWith('5') => Statuses.Meaning(status, diagnostic),
        _ => null,
    };

    /// <summary>Without the type that stands before it: <c>rfc822; ada@example.com</c>, <c>smtp; 550 …</c>.</summary>
    private static string ValueOf(string? field)
    {
        if (field is null) return "";
        var semicolon = field.IndexOf(';', StringComparison.Ordinal);
        return field[(semicolon + 1)..].Trim().Trim('<', '>');
    }
}
