using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Storage;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Deliveries;

internal sealed record Addressee(Guid SubscriberId, string Email, string? Name, string UnsubscribeToken, bool TrackingAllowed);

/// <summary>Who of a batch still gets their letter, looked at right before it leaves; and why the others do not.</summary>
internal sealed record Addressees(IReadOnlyList<Addressee> Stay, IReadOnlyDictionary<string, List<Guid>> Skipped, List<Guid> Suppressed)
{
    public static async Task<Addressees> OfAsync(MailerDb db, Batch batch, Edition edition, Variant variant, DateTimeOffset now, CancellationToken cancellation)
    {
        var ids = await db.LettersOf(batch.Id).AsNoTracking().Where(d => d.State == DeliveryState.Queued)
            .OrderBy(d => d.SubscriberId).Select(d => d.SubscriberId).ToListAsync(cancellation);
        if (ids.Count == 0) return new([], new Dictionary<string, List<Guid>>(), []);
        // A batch is a short stretch of the audience. Without its ends PostgreSQL would rather read everybody's consents than look up a thousand.
        var (first, last) = (ids[0], ids[^1]);
        var recipients = await db.Recipients.AsNoTracking()
            .Where(r => ids.Contains(r.Id) && r.PublicationId == batch.PublicationId && !r.Deleted)
            .Select(r => new
            {
                Addressee = new Addressee(r.Id, r.Email, r.Name, r.UnsubscribeToken, r.TrackingAllowed),
                MayBeMailed = r.ConfirmedAt != null && r.Consents.Any(c =>
                    c.NewsletterId == edition.NewsletterId && EF.Property<Guid>(c, "SubscriberId") >= first && EF.Property<Guid>(c, "SubscriberId") <= last),
                IsBlocked = db.AddressStatuses.Any(a =>
                    a.PublicationId == r.PublicationId && a.AddressHash == r.AddressHash && a.Status != DeliverabilityStatus.Ok),
            })
            .ToDictionaryAsync(r => r.Addressee.SubscriberId, cancellation);
        var mayRead = await AccessAsync(db, variant, ids, now, cancellation);

        List<Addressee> stay = new(ids.Count);
        Dictionary<string, List<Guid>> skipped = [];
        List<Guid> suppressed = [];
        foreach (var id in ids)
        {
            if (variant.Blocks.Count == 0) Skip(id, "unpublished");
            else if (!recipients.TryGetValue(id, out var recipient) || !recipient.MayBeMailed) Skip(id, "left");
            else if (!mayRead(id)) Skip(id, "access_lost");
            else if (recipient.IsBlocked) suppressed.Add(id);
            else stay.Add(recipient.Addressee);
        }
        return new(stay, skipped, suppressed);

        void Skip(Guid id, string reason)
        {
            if (!skipped.TryGetValue(reason, out var list)) skipped[reason] = list = [];
            list.Add(id);
        }
    }

    /// <summary>Whether a reader's grants still earn every paid cut of the variant.</summary>
    private static async Task<Func<Guid, bool>> AccessAsync(MailerDb db, Variant variant, List<Guid> readers, DateTimeOffset now, CancellationToken cancellation)
    {
        var paid = variant.Blocks.Where(b => b.Level == Access.Paid).Select(b => b.PostId).ToList();
        if (paid.Count == 0) return _ => true;
        var posts = (await db.Posts.AsNoTracking().Where(p => paid.Contains(p.Id)).ToListAsync(cancellation)).ConvertAll(p => p.Snapshot);
        var grants = await db.Grants.AsNoTracking()
            .Where(g => g.PublicationId == variant.PublicationId && readers.Contains(g.SubscriberId) && !g.Deleted && g.From <= now && g.Until > now)
            .Select(g => new { g.SubscriberId, g.Tier }).ToListAsync(cancellation);
        var tiers = grants.ToLookup(g => g.SubscriberId, g => g.Tier);
        return reader => posts.TrueForAll(post => LetterChoice.EarnsPaid(post, [.. tiers[reader]]));
    }
}
