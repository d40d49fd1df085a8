namespace Newsletter.Mailer.Storage;

/// <summary>The ledger row of one edition to one subscriber. It holds ids only, so it outlives an erasure.</summary>
public sealed class Delivery
{
    private Delivery() { }

    /// <summary>Version 7: on PostgreSQL the ledger is partitioned by its month.</summary>
    public Guid EditionId { get; private set; }
    public Guid SubscriberId { get; private set; }
    public Guid PublicationId { get; private set; }
    public Guid BatchId { get; private set; }
    /// <summary>Which blocks of its variant's list the reader asked for when the audience was written, as <see cref="Templates.BlockSet"/> has them; null: all.</summary>
    public byte[]? Choice { get; private set; }
    public DeliveryState State { get; private set; }
    /// <summary>A bounded word or an SMTP code; never an address.</summary>
    public string? Reason { get; private set; }
    public DateTimeOffset? AcceptedAt { get; private set; }
    public DateTimeOffset? DeliveredAt { get; private set; }
    public DateTimeOffset? BouncedAt { get; private set; }
    public DateTimeOffset? OpenedAt { get; private set; }
    /// <summary>Opened by a mail program on nobody's behalf.</summary>
    public DateTimeOffset? MachineOpenedAt { get; private set; }
    public DateTimeOffset? ClickedAt { get; private set; }
    /// <summary>A program followed its links.</summary>
    public DateTimeOffset? MachineClickedAt { get; private set; }
    public DateTimeOffset? ComplainedAt { get; private set; }
    public DateTimeOffset? UnsubscribedAt { get; private set; }
}
