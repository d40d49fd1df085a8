using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Contracts;

namespace Newsletter.Billing.Grants;

/// <summary>Writes grants and tells of them; what changed is published with the same save.</summary>
internal sealed class GrantBook(BillingDb db, IOptions<GrantOptions> options, TimeProvider time)
{
    private readonly List<Grant> _changed = [];

    /// <summary>Brings the subscription's one grant in line with it.</summary>
    public async Task FollowAsync(Subscription subscription, Guid? subscriberId, CancellationToken cancellation)
    {
        var grant = await db.Grants.SingleOrDefaultAsync(g => g.SubscriptionId == subscription.Id, cancellation);
        var tier = subscription.TierId is { } id ? await db.Tiers.Where(t => t.Id == id).Select(t => t.Slug).SingleAsync(cancellation) : null;
        if (tier is not null && GrantWindow.Of(subscription, options.Value) is var (from, until))
        {
            if (grant is null) db.Add(grant = Grant.OfSubscription(subscription.PublicationId, subscription.Id));
            if (grant.Follow(subscriberId, tier, from, until, time)) _changed.Add(grant);
        }
        else if (grant is not null && grant.Remove(time)) _changed.Add(grant);
    }

    public void Give(Grant grant)
    {
        db.Add(grant);
        _changed.Add(grant);
    }

    public void Remove(Grant grant)
    {
        if (grant.Remove(time)) _changed.Add(grant);
    }

    /// <summary>Call once, before the save.</summary>
    /// <param name="causedAt">When it happened at Stripe.</param>
    public void Publish(DateTimeOffset? causedAt = null)
    {
        foreach (var publication in _changed.Where(g => g.SubscriberId is not null).GroupBy(g => g.PublicationId))
        {
            db.Publish(new GrantsChanged(publication.Key, [.. publication.Select(g => g.Snapshot())], causedAt));
        }
        _changed.Clear();
    }
}
