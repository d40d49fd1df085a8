namespace Newsletter.Mailer.Storage;

public enum BatchState : short { Queued = 0, Sending = 1, Uncertain = 2, Done = 3, Cancelled = 4 }

/// <summary>Up to 1,000 deliveries of one variant that a worker sends in one go. The row is the queue of record; a message only wakes the worker.</summary>
public sealed class Batch
{
    private Batch() { }

    public Guid Id { get; private set; }
    public Guid EditionId { get; private set; }
    public Guid PublicationId { get; private set; }
    public Guid VariantId { get; private set; }
    public BatchState State { get; private set; }
    public int Size { get; private set; }
    public int Attempts { get; private set; }
    /// <summary>When it may be sent, or tried again.</summary>
    public DateTimeOffset DueAt { get; private set; }
    public Guid? LeaseId { get; private set; }
    public DateTimeOffset? LeaseUntil { get; private set; }
    /// <summary>The provider that has it, or may have it: an uncertain batch never goes to another.</summary>
    public string? Provider { get; private set; }
    /// <summary>Which account at the provider.</summary>
    public Guid? AccountId { get; private set; }
    /// <summary>A letter of it was uncertain once: should any be sent again, then through the account that may have it, and no other.</summary>
    public bool StaysWithAccount { get; private set; }
    /// <summary>It left in more than one call: that one of its letters arrived proves nothing for the others.</summary>
    public bool IsSliced { get; private set; }
    public string? ProviderMessageId { get; private set; }
    public DateTimeOffset? SentAt { get; private set; }
    public DateTimeOffset? FinishedAt { get; private set; }
    /// <summary>The first event that came back for a letter of this batch.</summary>
    public DateTimeOffset? FirstEventAt { get; private set; }
    public string? Error { get; private set; }
    /// <summary>The span of the provider call, which the spans of its events link to.</summary>
    public string? TraceParent { get; private set; }

    public static Batch Of(Guid id, Edition edition, Guid variant, int size, DateTimeOffset dueAt) => new()
    {
        Id = id,
        EditionId = edition.Id,
        PublicationId = edition.PublicationId,
        VariantId = variant,
        Size = size,
        DueAt = dueAt,
    };
}
