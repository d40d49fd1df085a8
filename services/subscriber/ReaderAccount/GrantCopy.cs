using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.ReaderAccount;

/// <summary>What billing grants, to show readers their plan; nothing here decides by it.</summary>
internal sealed class GrantCopy : Copy<GrantSnapshot>
{
    public Guid SubscriberId { get; private set; }
    public string Tier { get; private set; } = "";
    public GrantSource Source { get; private set; }
    public DateTimeOffset From { get; private set; }
    public DateTimeOffset Until { get; private set; }

    protected override void Fill(GrantSnapshot snapshot) =>
        (SubscriberId, Tier, Source, From, Until) = (snapshot.SubscriberId, snapshot.Tier, snapshot.Source, snapshot.From, snapshot.Until);

    protected override void Clear() => (SubscriberId, Tier) = (default, "");
}

internal sealed class GrantConsumer(SubscriberDb db) : CopyConsumer<SubscriberDb, GrantsChanged, GrantSnapshot, GrantCopy>(db)
{
    protected override IReadOnlyList<GrantSnapshot> SnapshotsOf(GrantsChanged changed) => changed.Grants;
}
