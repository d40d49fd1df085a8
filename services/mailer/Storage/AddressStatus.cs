using Newsletter.Defaults.Audit;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Storage;

/// <summary>Whether mail to an address arrives, by the address's keyed hash, so that it survives an erasure. No row: nothing is known against it.</summary>
[Audited(Id = nameof(SubscriberId))]
public sealed class AddressStatus
{
    private AddressStatus() { }

    public Guid PublicationId { get; private set; }
    public string AddressHash { get; private set; } = "";
    /// <summary>Null once the subscriber is erased.</summary>
    public Guid? SubscriberId { get; private set; }
    public DeliverabilityStatus Status { get; private set; }
    public string Reason { get; private set; } = "";
    public DateTimeOffset Since { get; private set; }
    public long Version { get; private set; }

    public static AddressStatus Of(Guid publication, string addressHash, Guid? subscriber) =>
        new() { PublicationId = publication, AddressHash = addressHash, SubscriberId = subscriber };

    public void Set(DeliverabilityStatus status, string reason, DateTimeOffset now, long version) =>
        (Status, Reason, Since, Version) = (status, reason, now, version);

    public void Erase() => (SubscriberId, Reason) = (null, "");
}
