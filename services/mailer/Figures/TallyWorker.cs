using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>Counts the batches that are marked, a few at a time, and rests twenty times as long as that took: figures lag before they cost letters.</summary>
internal sealed class TallyWorker(IServiceScopeFactory scopes, ILogger<TallyWorker> log) : Worker(TimeSpan.FromSeconds(1), log)
{
    private const int AtOnce = 20;
    private const int Rest = 20;

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        var started = Stopwatch.GetTimestamp();
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        if (await db.TallyMarks.OrderBy(m => m.Id).Select(m => (Guid?)m.EditionId).FirstOrDefaultAsync(stopping) is not { } edition) return false;
        var counted = await CountAsync(db, scope.ServiceProvider.GetRequiredService<TallyBook>(), edition, stopping);
        await Task.Delay(Stopwatch.GetElapsedTime(started) * Rest, stopping);
        // Nothing: its senders hold them. They are looked at again at the next poll.
        return counted;
    }

    private static async Task<bool> CountAsync(MailerDb db, TallyBook tallies, Guid edition, CancellationToken stopping)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(stopping);
        var marked = await db.TallyMarks.Where(m => m.EditionId == edition).Select(m => m.BatchId).Distinct().OrderBy(id => id).Take(AtOnce).ToArrayAsync(stopping);
        var held = db.IsSqlite ? marked : await HoldAsync(db, marked, stopping);
        if (held.Length == 0)
        {
            // Those of batches that are gone would be looked at for ever.
            var gone = await db.TallyMarks.Where(m => m.EditionId == edition && !db.Batches.Any(b => b.Id == m.BatchId && b.EditionId == edition)).ExecuteDeleteAsync(stopping);
            await transaction.CommitAsync(stopping);
            return gone > 0;
        }
        // Once the marks are gone, what their transactions moved is there to be counted; what is marked after this is counted next time.
        await db.TallyMarks.Where(m => m.EditionId == edition && held.Contains(m.BatchId)).ExecuteDeleteAsync(stopping);
        await tallies.CountAsync(edition, held, stopping);
        await transaction.CommitAsync(stopping);
        return true;
    }

    /// <summary>Without those that somebody else has at this moment.</summary>
    private static Task<Guid[]> HoldAsync(MailerDb db, Guid[] batches, CancellationToken stopping) =>
        db.Database.SqlQuery<Guid>($"SELECT id AS \"Value\" FROM batches WHERE id = ANY({batches}) ORDER BY id FOR UPDATE SKIP LOCKED").ToArrayAsync(stopping);
}
