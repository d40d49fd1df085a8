namespace Newsletter.Contracts;

public enum TransactionalTemplate { Confirmation, SignIn, StaffSignIn, AddressChange, Receipt, PaymentFailed, MembershipEnding, Gift, AlreadySubscribed }

/// <summary>
/// Anyone: mail one person now. The mailer keeps a row by <see cref="MailId"/> and sends it once; after <see cref="ExpiresAt"/> it is dropped.
/// <see cref="Values"/> are the template's: <c>link</c>, <c>code</c>, <c>amount</c>, <c>unsubscribe</c>, …
/// </summary>
public sealed record SendTransactionalMail
{
    public required Guid MailId { get; init; }
    /// <summary>None for staff mail of the installation.</summary>
    public Guid? PublicationId { get; init; }
    public Guid? SubscriberId { get; init; }
    public required string To { get; init; }
    public string? ToName { get; init; }
    public required TransactionalTemplate Template { get; init; }
    public IReadOnlyDictionary<string, string> Values { get; init; } = new Dictionary<string, string>();
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary>Mailer to itself: a wake-up for the batch's row, which is the queue of record.</summary>
public sealed record DeliverBatch(Guid BatchId, Guid EditionId, Guid PublicationId = default);

/// <summary>Mailer: whether mail to an address arrives; never changes consent. All of one publication.</summary>
[MayGoUnheard]
public sealed record DeliverabilityChanged(Guid PublicationId, IReadOnlyList<DeliverabilitySnapshot> Addresses);

public enum Deliverability { Ok, Bounced, Complained, Blocked }

/// <summary>By subscriber: <see cref="Id"/> is the subscriber's.</summary>
public sealed record DeliverabilitySnapshot : ISnapshot
{
    public required Guid Id { get; init; }
    public required Guid PublicationId { get; init; }
    public required long Version { get; init; }
    public bool Deleted { get; init; }
    public Deliverability Status { get; init; }
    public string Reason { get; init; } = "";
}
