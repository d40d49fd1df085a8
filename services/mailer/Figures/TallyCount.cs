using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <param name="LastArrivedAt">When the newest of what the tally counts happened: a figure belongs to that time, however late it is counted.</param>
internal sealed record CountedBatch(BatchTally Tally, DateTimeOffset? LastArrivedAt, DateTimeOffset? LastBouncedAt);

/// <summary>Counts the letters of batches in the ledger: of a thousand letters, about half a millisecond.</summary>
internal static class TallyCount
{
    private sealed record Part(
        Guid Batch, DeliveryState State, string? Reason, int Letters, int Taken, int Arrived,
        DateTimeOffset? First, DateTimeOffset? Last, DateTimeOffset? LastArrived, DateTimeOffset? LastBounced);

    public static async Task<Dictionary<Guid, CountedBatch>> OfAsync(MailerDb db, Guid edition, IReadOnlyCollection<Guid> batches, CancellationToken cancellation)
    {
        var parts = await db.LettersOf(batches).AsNoTracking()
            .GroupBy(d => new { d.BatchId, d.State, d.Reason })
            .Select(g => new Part(
                g.Key.BatchId, g.Key.State, g.Key.Reason, g.Count(),
                // An event may tell of a letter before the answer of the call that sent it is recorded.
                g.Count(d => d.AcceptedAt != null || d.DeliveredAt != null || d.State == DeliveryState.Accepted),
                g.Count(d => d.DeliveredAt != null),
                g.Min(d => d.AcceptedAt), g.Max(d => d.AcceptedAt), g.Max(d => d.DeliveredAt), g.Max(d => d.BouncedAt)))
            .ToListAsync(cancellation);
        return parts.GroupBy(p => p.Batch).ToDictionary(g => g.Key, g => Sum(edition, g.Key, [.. g]));
    }

    private static CountedBatch Sum(Guid edition, Guid batch, List<Part> parts)
    {
        int In(DeliveryState state) => parts.Where(p => p.State == state).Sum(p => p.Letters);
        var tally = new BatchTally
        {
            BatchId = batch,
            EditionId = edition,
            Queued = In(DeliveryState.Queued),
            Sending = In(DeliveryState.Sending),
            Uncertain = In(DeliveryState.Uncertain),
            Accepted = In(DeliveryState.Accepted),
            Delivered = In(DeliveryState.Delivered),
            Bounced = In(DeliveryState.Bounced),
            Failed = In(DeliveryState.Failed),
            Skipped = In(DeliveryState.Skipped),
            Suppressed = In(DeliveryState.Suppressed),
            Cancelled = In(DeliveryState.Cancelled),
            Taken = parts.Sum(p => p.Taken),
            Arrived = parts.Sum(p => p.Arrived),
            FirstAcceptedAt = parts.Min(p => p.First),
            LastAcceptedAt = parts.Max(p => p.Last),
            Reasons =
            [
                .. parts.Where(p => p.State is DeliveryState.Failed or DeliveryState.Bounced or DeliveryState.Skipped or DeliveryState.Suppressed)
                    .OrderByDescending(p => p.Letters).Take(BatchTally.MostReasons).Select(p => new ReasonCount(p.State, p.Reason, p.Letters)),
            ],
        };
        return new(tally, parts.Max(p => p.LastArrived), parts.Max(p => p.LastBounced));
    }
}
