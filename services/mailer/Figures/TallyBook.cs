using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>Counts batches and keeps what was counted.</summary>
internal sealed class TallyBook(MailerDb db, TimeProvider time)
{
    /// <summary>Letters of a batch moved in the open transaction, and nobody counts them there.</summary>
    public Task MarkAsync(Guid edition, Guid batch, CancellationToken cancellation) =>
        db.Database.ExecuteSqlAsync($"INSERT INTO tally_marks (edition_id, batch_id) VALUES ({edition}, {batch})", cancellation);

    /// <summary>
    /// Counts anew and keeps it. The caller holds the rows of the batches in the open transaction, so that no older count is written over a newer one.
    /// </summary>
    public async Task<Dictionary<Guid, CountedBatch>> CountAsync(Guid edition, IReadOnlyCollection<Guid> batches, CancellationToken cancellation)
    {
        db.ChangeTracker.Clear();
        var counted = await TallyCount.OfAsync(db, edition, batches, cancellation);
        var known = await db.BatchTallies.Where(t => batches.Contains(t.BatchId)).ToDictionaryAsync(t => t.BatchId, cancellation);
        var (pulses, now) = (new Pulses(), time.GetUtcNow());
        foreach (var (batch, (tally, arrivedAt, bouncedAt)) in counted)
        {
            var before = known.GetValueOrDefault(batch);
            pulses.At(tally.LastAcceptedAt ?? now, now).Accepted += tally.Taken - (before?.Taken ?? 0);
            pulses.At(arrivedAt ?? now, now).Delivered += tally.Arrived - (before?.Arrived ?? 0);
            pulses.At(bouncedAt ?? now, now).Bounced += tally.Bounced - (before?.Bounced ?? 0);
            if (before is null) db.Add(tally);
            else before.Take(tally);
        }
        await db.SaveChangesAsync(cancellation);
        db.ChangeTracker.Clear();
        await pulses.AddAsync(db, edition, cancellation);
        return counted;
    }
}
