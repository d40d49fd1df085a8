namespace Newsletter.Contracts;

/// <summary>Subscriber: up to 500 people changed, all of one publication.</summary>
public sealed record SubscribersChanged(Guid PublicationId, IReadOnlyList<SubscriberSnapshot> Subscribers);

public sealed record SubscriberSnapshot : ISnapshot
{
    public required Guid Id { get; init; }
    public required Guid PublicationId { get; init; }
    public required long Version { get; init; }
    public bool Deleted { get; init; }
    /// <summary>As typed.</summary>
    public string Email { get; init; } = "";
    /// <summary>What addresses are compared by.</summary>
    public string NormalisedEmail { get; init; } = "";
    public string? Name { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ConfirmedAt { get; init; }
    /// <summary>IANA zone name, where the reader gave one.</summary>
    public string? TimeZone { get; init; }
    public IReadOnlyList<ConsentSnapshot> Consents { get; init; } = [];
    /// <summary>Topics the reader chose; empty: all.</summary>
    public IReadOnlyList<string> Topics { get; init; } = [];
    public IReadOnlyList<string> Tags { get; init; } = [];
    public bool TrackingAllowed { get; init; } = true;
    /// <summary>How often the reader signed out everywhere: what was given to them under a lower count is void.</summary>
    public int SignOuts { get; init; }
    /// <summary>Goes into <c>{BaseUrl}/unsubscribe?token=…&amp;newsletter={slug}</c>; does nothing but unsubscribe. A secret: keep out of logs.</summary>
    public string UnsubscribeToken { get; init; } = "";
}

/// <summary>A consent that stands; a withdrawn one is not in the list.</summary>
public sealed record ConsentSnapshot(Guid NewsletterId, DateTimeOffset GivenAt, string Source);

/// <summary>Billing: someone unknown paid; make the subscriber (pending) if the address is new, and mail the confirmation.</summary>
public sealed record RegisterSubscriber(Guid CommandId, Guid PublicationId, string Email, string? Name, string Source);

/// <summary>Mailer: a reader told their mailbox provider, or ours, that they want no more of a newsletter; without one, of any. Done once, by its id.</summary>
public sealed record EndConsent(Guid CommandId, Guid PublicationId, Guid SubscriberId, Guid? NewsletterId);

/// <summary>Subscriber: erase everything about this person; answer with <see cref="ErasureDone"/>.</summary>
public sealed record SubscriberErased(Guid ErasureId, Guid PublicationId, Guid SubscriberId, long Version);

public sealed record ErasureDone(Guid ErasureId, string Service);
