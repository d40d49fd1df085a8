using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Grants;

/// <summary>What a reader may read in [From, Until), and why. Untied while the payer has not proven the mailbox.</summary>
[Audited]
internal sealed class Grant
{
    private Grant() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public Guid? SubscriberId { get; private set; }
    public string Tier { get; private set; } = "";
    public GrantSource Source { get; private set; }
    /// <summary>The one subscription that it follows.</summary>
    public Guid? SubscriptionId { get; private set; }
    public DateTimeOffset From { get; private set; }
    public DateTimeOffset Until { get; private set; }
    public bool Deleted { get; private set; }
    /// <summary>When it was taken back before its end.</summary>
    public DateTimeOffset? RemovedAt { get; private set; }
    public long Version { get; private set; }

    public static Grant OfSubscription(Guid publicationId, Guid subscriptionId) =>
        new() { Id = Guid.CreateVersion7(), PublicationId = publicationId, Source = GrantSource.Subscription, SubscriptionId = subscriptionId, Deleted = true };

    public static Grant OfFavour(Guid publicationId, Guid subscriberId, string tier, GrantSource source, DateTimeOffset from, DateTimeOffset until, TimeProvider time) => new()
    {
        Id = Guid.CreateVersion7(from),
        PublicationId = publicationId,
        SubscriberId = subscriberId,
        Tier = tier,
        Source = source,
        From = from,
        Until = until,
        Version = HybridClock.Next(0, time),
    };

    /// <summary>Takes the subscription's state whole. Answers whether anything is new.</summary>
    public bool Follow(Guid? subscriberId, string tier, DateTimeOffset from, DateTimeOffset until, TimeProvider time)
    {
        if (!Deleted && (SubscriberId, Tier, From, Until) == (subscriberId, tier, from, until)) return false;
        (SubscriberId, Tier, From, Until, Deleted, RemovedAt) = (subscriberId, tier, from, until, false, null);
        Stamp(time);
        return true;
    }

    public bool Remove(TimeProvider time)
    {
        if (Deleted) return false;
        (Deleted, RemovedAt) = (true, time.GetUtcNow());
        Stamp(time);
        return true;
    }

    public void Stamp(TimeProvider time) => Version = HybridClock.Next(Version, time);

    public GrantSnapshot Snapshot() => new()
    {
        Id = Id,
        PublicationId = PublicationId,
        Version = Version,
        Deleted = Deleted,
        SubscriberId = SubscriberId ?? throw new InvalidOperationException("An untied grant is nobody's yet."),
        Tier = Tier,
        Source = Source,
        From = From,
        Until = Until,
    };
}
