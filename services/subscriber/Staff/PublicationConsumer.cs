using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Staff;

/// <summary>Our copy of the publications. Whoever made one becomes its owner.</summary>
internal sealed class PublicationConsumer(SubscriberDb db, TimeProvider time) : PublicationCopyConsumer<SubscriberDb>(db)
{
    protected override async Task FollowAsync(IReadOnlyList<PublicationCopy> changed, CancellationToken cancellation)
    {
        foreach (var copy in changed.Where(c => !c.Deleted))
        {
            if (copy.Snapshot.CreatedBy is not { } creator || await AccountBehindAsync(creator, cancellation) is not { } account) continue;
            // Only the first time: an owner who was removed later stays removed.
            if (await Db.Memberships.AnyAsync(m => m.PublicationId == copy.Id, cancellation)) continue;
            Db.Add(Membership.Create(account, copy.Id, Role.Owner, time.GetUtcNow()));
        }
    }

    /// <summary>A token made from an API key has the key as its subject.</summary>
    private async Task<Guid?> AccountBehindAsync(Guid creator, CancellationToken cancellation)
    {
        if (await Db.StaffAccounts.AnyAsync(a => a.Id == creator, cancellation)) return creator;
        return await Db.ApiKeys.Where(k => k.Id == creator).Select(k => k.CreatedBy).SingleOrDefaultAsync(cancellation);
    }
}
