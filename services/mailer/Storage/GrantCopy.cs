using Newsletter.Contracts;
using Newsletter.Defaults.Copies;

namespace Newsletter.Mailer.Storage;

/// <summary>What a reader may read because of a payment, a gift or a favour: valid in [from, until).</summary>
public sealed class GrantCopy : Copy<GrantSnapshot>
{
    public Guid SubscriberId { get; private set; }
    public string Tier { get; private set; } = "";
    public DateTimeOffset From { get; private set; }
    public DateTimeOffset Until { get; private set; }

    protected override void Fill(GrantSnapshot snapshot) =>
        (SubscriberId, Tier, From, Until) = (snapshot.SubscriberId, snapshot.Tier, snapshot.From, snapshot.Until);

    protected override void Clear() => (Tier, From, Until) = ("", DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch);
}
