using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

/// <summary>Moves editions on: writes their audience, takes back what was cancelled, closes what is done.</summary>
internal sealed class EditionWorker(IServiceScopeFactory scopes, SharedClock clock, TimeProvider time, ILogger<EditionWorker> log)
    : Worker(TimeSpan.FromSeconds(2), log)
{
    private const int AtOnce = 50;
    private DateTimeOffset _partitionsCheckedAt;

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var now = time.GetUtcNow();
        if (now - _partitionsCheckedAt > TimeSpan.FromHours(6))
        {
            await LedgerPartitions.EnsureAsync(db, now, stopping);
            _partitionsCheckedAt = now;
        }

        var shared = await clock.NowAsync(stopping);
        var preparing = await FirstAsync(
            db.Editions.Where(e => e.State == EditionState.Preparing && e.PausedAt == null && (e.LeaseUntil == null || e.LeaseUntil < shared)), stopping);
        try
        {
            await Suspensions.ApplyToNewAsync(db, time, stopping);
        }
        catch (DbUpdateConcurrencyException)
        {
            // One of them was changed meanwhile: look again before anything leaves.
            return true;
        }
        foreach (var edition in preparing)
        {
            await using var one = scopes.CreateAsyncScope();
            await one.ServiceProvider.GetRequiredService<FanOut>().RunAsync(edition, stopping);
        }

        var closing = scope.ServiceProvider.GetRequiredService<EditionClosing>();
        var cancelled = db.Editions.Where(e => e.State == EditionState.Cancelled && db.Batches.Any(b => b.EditionId == e.Id && b.State == BatchState.Queued));
        foreach (var edition in await FirstAsync(cancelled, stopping)) await closing.CancelRestAsync(edition, stopping);
        var done = db.Editions.Where(e => e.State == EditionState.Sending && !db.Batches.Any(b => b.EditionId == e.Id && b.State < BatchState.Done));
        foreach (var edition in await FirstAsync(done, stopping)) await closing.FinishAsync(edition, stopping);
        return preparing.Count == AtOnce;
    }

    private static Task<List<Guid>> FirstAsync(IQueryable<Edition> editions, CancellationToken cancellation) =>
        editions.OrderBy(e => e.Id).Select(e => e.Id).Take(AtOnce).ToListAsync(cancellation);
}
