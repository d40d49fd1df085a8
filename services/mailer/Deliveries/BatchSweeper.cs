using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Every second: wakes for due batches that nobody holds, so that what staff let go on goes on everywhere. Every 5 s: takes over from the dead, and settles what was uncertain.</summary>
internal sealed class BatchSweeper(IServiceScopeFactory scopes, BatchQueue queue, SharedClock clock, TimeProvider time, ILogger<BatchSweeper> log)
    : Worker(TimeSpan.FromSeconds(1), log)
{
    private const int AtOnce = 500;
    private static readonly TimeSpan RecoverEvery = TimeSpan.FromSeconds(5);
    private long? _recoveredAt;

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var now = await clock.NowAsync(stopping);
        if (_recoveredAt is not { } at || time.GetElapsedTime(at) >= RecoverEvery)
        {
            await RecoverAsync(db, scope.ServiceProvider.GetRequiredService<BatchRecovery>(), now, stopping);
            _recoveredAt = time.GetTimestamp();
        }

        var due = db.Batches.AsNoTracking()
            .Where(b => b.State == BatchState.Queued && b.DueAt <= now && (b.LeaseUntil == null || b.LeaseUntil < now))
            .Where(b => db.Editions.Any(e => e.Id == b.EditionId && e.PausedAt == null && (e.State == EditionState.Preparing || e.State == EditionState.Sending)));
        foreach (var publication in await due.Select(b => b.PublicationId).Distinct().ToListAsync(stopping))
        {
            // Of each so many, that the largest edition does not stand before the others here.
            foreach (var batch in await due.Where(b => b.PublicationId == publication).OrderBy(b => b.Id).Select(b => b.Id).Take(AtOnce).ToListAsync(stopping))
                await queue.AddAsync(batch, publication, stopping);
        }
        return false;
    }

    private static async Task RecoverAsync(MailerDb db, BatchRecovery recovery, DateTimeOffset now, CancellationToken stopping)
    {
        var lost = await db.Batches.AsNoTracking().Where(b => b.State == BatchState.Sending && b.LeaseUntil < now).OrderBy(b => b.Id).Take(AtOnce).ToListAsync(stopping);
        foreach (var batch in lost) await recovery.TakeOverAsync(batch, stopping);
        await recovery.SettleAsync(stopping);
    }
}
