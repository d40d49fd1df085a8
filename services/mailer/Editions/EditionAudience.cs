using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Editions;

/// <param name="Tiers">Of the grants that are valid now.</param>
internal sealed record Reader(Guid Id, IReadOnlyList<string> Topics, string? TimeZone, IReadOnlyList<string> Tiers, bool TrackingAllowed);

/// <summary>
/// Who gets an edition: confirmed, with a standing consent given before the audience was frozen, and an address that takes our mail.
/// Walked in the order of ids, so that a worker that dies is followed by one that goes on at the cursor.
/// </summary>
internal static class EditionAudience
{
    public static async Task<List<Reader>> NextAsync(MailerDb db, Edition edition, DateTimeOffset now, int limit, CancellationToken cancellation)
    {
        var (publication, newsletter, frozen, cursor) = (edition.PublicationId, edition.NewsletterId, edition.AudienceAt, edition.Cursor);
        var readers = await db.Recipients.AsNoTracking()
            .Where(r => r.PublicationId == publication && !r.Deleted && r.CreatedAt <= frozen && r.ConfirmedAt <= frozen && r.Id > cursor)
            .Where(r => r.Consents.Any(c => c.NewsletterId == newsletter && c.GivenAt <= frozen))
            .Where(r => !db.AddressStatuses.Any(a =>
                a.PublicationId == publication && a.AddressHash == r.AddressHash && a.Status != DeliverabilityStatus.Ok))
            .OrderBy(r => r.Id)
            .Take(limit)
            .Select(r => new { r.Id, r.Topics, r.TimeZone, r.TrackingAllowed })
            .ToListAsync(cancellation);
        if (readers.Count == 0) return [];
        var (first, last) = (readers[0].Id, readers[^1].Id);
        var grants = await db.Grants.AsNoTracking()
            .Where(g => g.PublicationId == publication && !g.Deleted && g.SubscriberId >= first && g.SubscriberId <= last && g.From <= now && g.Until > now)
            .Select(g => new { g.SubscriberId, g.Tier })
            .ToListAsync(cancellation);
        var tiers = grants.ToLookup(g => g.SubscriberId, g => g.Tier);
        return readers.ConvertAll(r => new Reader(r.Id, r.Topics, r.TimeZone, tiers.Contains(r.Id) ? [.. tiers[r.Id].Distinct().Order()] : [], r.TrackingAllowed));
    }
}
