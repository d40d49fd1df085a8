using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>A batch and how its letters stand.</summary>
internal sealed record TalliedBatch(Guid Id, BatchState State, int Size, string? Provider, DateTimeOffset? SentAt, BatchTally Tally);

/// <summary>
/// How an edition stands, as the sum of its batches. What is kept is taken from there; what moves at this moment (batches that are being sent, or are
/// marked) is counted. Each batch adds up to its size, so the states always add up to the recipients.
/// </summary>
internal sealed record EditionTally(IReadOnlyList<TalliedBatch> Batches)
{
    public int Recipients => Batches.Sum(b => b.Size);

    public int Taken => Batches.Sum(b => b.Tally.Taken);

    public IReadOnlyDictionary<DeliveryState, int> States =>
        Enum.GetValues<DeliveryState>().ToDictionary(state => state, state => Batches.Sum(b => b.Tally.Of(state)));

    public IReadOnlyList<UncertainBatch> Uncertain =>
        [.. Batches.Where(b => b.State == BatchState.Uncertain).OrderBy(b => b.Id).Take(100).Select(b => new UncertainBatch(b.Id, b.Tally.Uncertain, b.SentAt))];

    /// <param name="mostCounted">Of the batches that move: those beyond are shown as they were last counted.</param>
    public static async Task<EditionTally> ReadAsync(MailerDb db, Guid edition, int mostCounted, CancellationToken cancellation)
    {
        var rows = await (
            from b in db.Batches.AsNoTracking()
            where b.EditionId == edition
            join t in db.BatchTallies.AsNoTracking() on b.Id equals t.BatchId into kept
            from tally in kept.DefaultIfEmpty()
            select new { b.Id, b.State, b.Size, b.Provider, b.SentAt, Tally = (BatchTally?)tally }).ToListAsync(cancellation);
        var marked = await db.TallyMarks.Where(m => m.EditionId == edition).Select(m => m.BatchId).Distinct().ToHashSetAsync(cancellation);
        var moving = rows.Where(r => r.State == BatchState.Sending || marked.Contains(r.Id) || (r.Tally is null && r.State != BatchState.Queued))
            .OrderByDescending(r => r.State == BatchState.Sending).ThenByDescending(r => r.Id).Take(mostCounted).Select(r => r.Id).ToList();
        var counted = moving.Count == 0 ? [] : await TallyCount.OfAsync(db, edition, moving, cancellation);
        return new(rows.ConvertAll(r => new TalliedBatch(
            r.Id, r.State, r.Size, r.Provider, r.SentAt, counted.GetValueOrDefault(r.Id)?.Tally ?? r.Tally ?? BatchTally.Waiting(r.Id, edition, r.Size))));
    }
}

internal sealed record UncertainBatch(Guid Id, int Letters, DateTimeOffset? SentAt);
