using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Segments;

/// <summary>Who is in a segment now. Newsletter and tier are asked of the database; tags and topics are lists in the row, looked at one by one.</summary>
internal static class SegmentReaders
{
    public static async Task<int> CountAsync(MailerDb db, Guid publication, SegmentRule rule, DateTimeOffset now, CancellationToken cancellation)
    {
        var readers = db.Recipients.AsNoTracking().Where(r => r.PublicationId == publication && !r.Deleted && r.ConfirmedAt != null);
        if (rule.NewsletterId is { } newsletter) readers = readers.Where(r => r.Consents.Any(c => c.NewsletterId == newsletter));
        if (rule.Tier is { } tier)
            readers = readers.Where(r => db.Grants.Any(g => g.PublicationId == publication && g.SubscriberId == r.Id && !g.Deleted && g.Tier == tier && g.From <= now && g.Until > now));
        if (rule.Tag is null && rule.Topic is null) return await readers.CountAsync(cancellation);

        var count = 0;
        await foreach (var reader in readers.Select(r => new { r.Tags, r.Topics }).AsAsyncEnumerable().WithCancellation(cancellation))
            if (Has(reader.Tags, rule.Tag) && Has(reader.Topics, rule.Topic)) count++;
        return count;
    }

    private static bool Has(IReadOnlyList<string> held, string? wanted) => wanted is null || held.Contains(wanted, StringComparer.OrdinalIgnoreCase);
}
