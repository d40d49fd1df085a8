using Newsletter.Contracts;
using Newsletter.Defaults.Copies;

namespace Newsletter.Content.Readers;

/// <summary>What the gate needs to know of a subscriber, and no more: no address, no name.</summary>
internal sealed class Reader : Copy<SubscriberSnapshot>
{
    public DateTimeOffset? ConfirmedAt { get; private set; }
    /// <summary>A feed's address that was given under a lower count is void.</summary>
    public int SignOuts { get; private set; }

    protected override void Fill(SubscriberSnapshot snapshot) => (ConfirmedAt, SignOuts) = (snapshot.ConfirmedAt, snapshot.SignOuts);

    protected override void Clear() => (ConfirmedAt, SignOuts) = (null, 0);
}

/// <summary>A grant as billing last told of it.</summary>
internal sealed class Grant : Copy<GrantSnapshot>
{
    public Guid SubscriberId { get; private set; }
    public string Tier { get; private set; } = "";
    public DateTimeOffset From { get; private set; }
    public DateTimeOffset Until { get; private set; }

    protected override void Fill(GrantSnapshot snapshot) =>
        (SubscriberId, Tier, From, Until) = (snapshot.SubscriberId, snapshot.Tier, snapshot.From, snapshot.Until);

    protected override void Clear() => (SubscriberId, Tier, From, Until) = (Guid.Empty, "", default, default);
}

/// <summary>A gated post that the meter opened for a reader.</summary>
internal sealed class MeterRead
{
    public required Guid SubscriberId { get; init; }
    /// <summary>Year × 100 + month, UTC.</summary>
    public required int Month { get; init; }
    public required Guid PostId { get; init; }
    public required Guid PublicationId { get; init; }

    public static int MonthOf(DateTimeOffset time) => time.UtcDateTime.Year * 100 + time.UtcDateTime.Month;
}
