namespace Newsletter.Mailer.Storage;

/// <summary>
/// How a batch's letters stood when they were last counted, so that figures are sums over an edition's batches (1,000 for a million readers) and not
/// over its ledger. Written under the lock of the batch's row. Always counted, never added to: whatever went wrong before is mended by the next count.
/// </summary>
public sealed class BatchTally
{
    public Guid BatchId { get; init; }
    public Guid EditionId { get; init; }
    public int Queued { get; set; }
    public int Sending { get; set; }
    public int Uncertain { get; set; }
    public int Accepted { get; set; }
    public int Delivered { get; set; }
    public int Bounced { get; set; }
    public int Failed { get; set; }
    public int Skipped { get; set; }
    public int Suppressed { get; set; }
    public int Cancelled { get; set; }
    /// <summary>Letters that the provider took, whatever became of them.</summary>
    public int Taken { get; set; }
    /// <summary>Letters that arrived, bounced later or not.</summary>
    public int Arrived { get; set; }
    public DateTimeOffset? FirstAcceptedAt { get; set; }
    public DateTimeOffset? LastAcceptedAt { get; set; }
    /// <summary>Why letters failed, bounced or were left out; at most <see cref="MostReasons"/>.</summary>
    public IReadOnlyList<ReasonCount> Reasons { get; set; } = [];

    public const int MostReasons = 20;

    /// <summary>Of a batch that nobody has touched yet.</summary>
    public static BatchTally Waiting(Guid batch, Guid edition, int letters) => new() { BatchId = batch, EditionId = edition, Queued = letters };

    public int Of(DeliveryState state) => state switch
    {
        DeliveryState.Queued => Queued,
        DeliveryState.Sending => Sending,
        DeliveryState.Uncertain => Uncertain,
        DeliveryState.Accepted => Accepted,
        DeliveryState.Delivered => Delivered,
        DeliveryState.Bounced => Bounced,
        DeliveryState.Failed => Failed,
        DeliveryState.Skipped => Skipped,
        DeliveryState.Suppressed => Suppressed,
        _ => Cancelled,
    };

    public void Take(BatchTally newer)
    {
        (Queued, Sending, Uncertain, Accepted, Delivered) = (newer.Queued, newer.Sending, newer.Uncertain, newer.Accepted, newer.Delivered);
        (Bounced, Failed, Skipped, Suppressed, Cancelled) = (newer.Bounced, newer.Failed, newer.Skipped, newer.Suppressed, newer.Cancelled);
        (Taken, Arrived, FirstAcceptedAt, LastAcceptedAt, Reasons) = (newer.Taken, newer.Arrived, newer.FirstAcceptedAt, newer.LastAcceptedAt, newer.Reasons);
    }
}

public sealed record ReasonCount(DeliveryState State, string? Reason, int Letters);

/// <summary>
/// Letters of a batch moved and its tally does not know yet. Written in the transaction that moved them by everybody but the batch's sender, who counts
/// when it is through. Only ever inserted, so that senders and events never wait for each other because of a figure.
/// </summary>
public sealed class TallyMark
{
    public long Id { get; private set; }
    public Guid EditionId { get; init; }
    public Guid BatchId { get; init; }
}
