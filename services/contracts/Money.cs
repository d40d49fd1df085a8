namespace Newsletter.Contracts;

/// <summary>Billing: what readers may read because of a payment, a gift or a favour changed. All of one publication.</summary>
/// <param name="CausedAt">When it happened where the money is; none where nobody paid, or it was found later.</param>
public sealed record GrantsChanged(Guid PublicationId, IReadOnlyList<GrantSnapshot> Grants, DateTimeOffset? CausedAt = null);

public enum GrantSource { Subscription, Gift, Complimentary, Seat }

/// <summary>Valid in [From, Until). A reader's entitlement is the fold of all their grants.</summary>
public sealed record GrantSnapshot : ISnapshot
{
    public required Guid Id { get; init; }
    public required Guid PublicationId { get; init; }
    public required long Version { get; init; }
    public bool Deleted { get; init; }
    public Guid SubscriberId { get; init; }
    /// <summary>The tier's slug.</summary>
    public string Tier { get; init; } = "";
    public GrantSource Source { get; init; }
    public DateTimeOffset From { get; init; }
    public DateTimeOffset Until { get; init; }
}
