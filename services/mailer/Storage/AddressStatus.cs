using Newsletter.Defaults.Audit;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Storage;

/// <summary>Whether mail to an address arrives, by the address's keyed hash, so that it survives an erasure. No row: nothing is known against it.</summary>
[Audited(Id = nameof(SubscriberId))]
public sealed class AddressStatus
{
    /// <summary>A mailbox that is full today is not gone: so many letters must have come back, the first and the last so far apart, within so long.</summary>
    private const int MostSoftBounces = 3;
    private static readonly TimeSpan SoftBouncesSpan = TimeSpan.FromDays(7);
    private static readonly TimeSpan SoftBouncesCount = TimeSpan.FromDays(60);

    private AddressStatus() { }

    public Guid PublicationId { get; private set; }
    public string AddressHash { get; private set; } = "";
    /// <summary>Null once the subscriber is erased.</summary>
    public Guid? SubscriberId { get; private set; }
    public DeliverabilityStatus Status { get; private set; }
    public string Reason { get; private set; } = "";
    public DateTimeOffset Since { get; private set; }
    /// <summary>Letters that came back although the address may be good, since <see cref="SoftSince"/>.</summary>
    public int SoftBounces { get; private set; }
    public DateTimeOffset? SoftSince { get; private set; }
    public long Version { get; private set; }

    public static AddressStatus Of(Guid publication, string addressHash, Guid? subscriber) =>
        new() { PublicationId = publication, AddressHash = addressHash, SubscriberId = subscriber };

    public void Set(DeliverabilityStatus status, string reason, DateTimeOffset now, long version)
    {
        (Status, Reason, Since, Version) = (status, reason, now, version);
        if (status == DeliverabilityStatus.Ok) (SoftBounces, SoftSince) = (0, null);
    }

    /// <returns>Whether it happens so often that the address takes no mail.</returns>
    public bool BouncedSoftly(string reason, DateTimeOffset now, long version)
    {
        if (SoftSince is not { } since || now - since > SoftBouncesCount) (SoftBounces, SoftSince, since) = (0, now, now);
        SoftBounces++;
        Version = version;
        if (Status != DeliverabilityStatus.Ok) return false;
        (Reason, Since) = (reason, now);
        return SoftBounces >= MostSoftBounces && now - since >= SoftBouncesSpan;
    }

    public void Erase() => (SubscriberId, Reason) = (null, "");
}
