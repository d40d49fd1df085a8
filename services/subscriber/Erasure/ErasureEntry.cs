namespace Newsletter.Subscriber.Erasure;

/// <summary>The ledger of erasures: ids only. Kept for good, so that an erasure can be applied again after a restore.</summary>
internal sealed class ErasureEntry
{
    private ErasureEntry() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public Guid SubscriberId { get; private set; }
    public long Version { get; private set; }
    public DateTimeOffset RequestedAt { get; private set; }
    /// <summary>The services that have said they are done.</summary>
    public IReadOnlyList<string> Answered { get; private set; } = [];
    public DateTimeOffset? CompletedAt { get; private set; }

    public static ErasureEntry Open(Subscriber subscriber, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        PublicationId = subscriber.PublicationId,
        SubscriberId = subscriber.Id,
        Version = subscriber.Version,
        RequestedAt = now,
    };

    public void Answer(string service, IReadOnlyCollection<string> expected, DateTimeOffset now)
    {
        if (!Answered.Contains(service)) Answered = [.. Answered, service];
        if (expected.All(Answered.Contains)) CompletedAt ??= now;
    }
}
