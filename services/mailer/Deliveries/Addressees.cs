using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Deliveries;

/// <param name="Blocks">Of the variant's list, those that the letter shows; null: all.</param>
internal sealed record Addressee(Guid SubscriberId, string Email, string? Name, string UnsubscribeToken, bool TrackingAllowed, BlockSet? Blocks = null);

/// <summary>Who of a batch still gets their letter, looked at right before it leaves; and why the others do not.</summary>
internal sealed record Addressees(IReadOnlyList<Addressee> Stay, IReadOnlyDictionary<string, List<Guid>> Skipped, List<Guid> Suppressed)
{
    public static async Task<Addressees> OfAsync(MailerDb db, Batch batch, Edition edition, Variant variant, DateTimeOffset now, CancellationToken cancellation)
    {
        var queued = await db.LettersOf(batch.Id).AsNoTracking().Where(d => d.State == DeliveryState.Queued)
            .OrderBy(d => d.SubscriberId).Select(d => new { d.SubscriberId, d.Choice }).ToListAsync(cancellation);
        if (queued.Count == 0) return new([], new Dictionary<string, List<Guid>>(), []);
        var ids = queued.ConvertAll(d => d.SubscriberId);
        // A batch is a short stretch of the audience. Without its ends PostgreSQL would rather read everybody's consents than look up a thousand.
        var (first, last) = (ids[0], ids[^1]);
        var recipients = await db.Recipients.AsNoTracking()
            .Where(r => ids.Contains(r.Id) && r.PublicationId == batch.PublicationId && !r.Deleted)
            .Select(r => new
            {
                Addressee = new Addressee(r.Id, r.Email, r.Name, r.UnsubscribeToken, r.TrackingAllowed, null),
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
        foreach (var letter in queued)
        {
            var (id, blocks) = (letter.SubscriberId, BlockSet.Of(letter.Choice));
            if (!variant.Shows(blocks)) Skip(id, "unpublished");
            else if (!recipients.TryGetValue(id, out var recipient) || !recipient.MayBeMailed) Skip(id, "left");
            else if (!mayRead(id, blocks)) Skip(id, "access_lost");
            else if (recipient.IsBlocked) suppressed.Add(id);
            else stay.Add(blocks is null ? recipient.Addressee : recipient.Addressee with { Blocks = blocks });
        }
        return new(stay, skipped, suppressed);

        void Skip(Guid id, string reason)
        {
            if (!skipped.TryGetValue(reason, out var list)) skipped[reason] = list = [];
            list.Add(id);
        }
    }

    /// <summary>Whether a reader's grants still earn every paid cut that their letter shows.</summary>
    private static async Task<Func<Guid, BlockSet?, bool>> AccessAsync(MailerDb db, Variant variant, List<Guid> readers, DateTimeOffset now, CancellationToken cancellation)
    {
        var paid = variant.Blocks.Where(b => b.Level == Access.Paid).Select(b => b.PostId).ToList();
        if (paid.Count == 0) return (_, _) => true;
        var posts = (await db.Posts.AsNoTracking().Where(p => paid.Contains(p.Id)).ToListAsync(cancellation)).ConvertAll(p => p.Snapshot);
        var grants = await db.Grants.AsNoTracking()
            .Where(g => g.PublicationId == variant.PublicationId && readers.Contains(g.SubscriberId) && !g.Deleted && g.From <= now && g.Until > now)
            .Select(g => new { g.SubscriberId, g.Tier }).ToListAsync(cancellation);
        var tiers = grants.ToLookup(g => g.SubscriberId, g => g.Tier);
        return (reader, blocks) =>
        {
            var shown = blocks is null ? null : variant.List?.ShownTo(blocks).Select(s => s.Block.PostId).ToHashSet();
            return posts.TrueForAll(post => shown?.Contains(post.Id) == false || LetterChoice.EarnsPaid(post, [.. tiers[reader]]));
        };
    }
}
