using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Transactional;

/// <summary>Sends mail to one person as soon as its row is there, on a way of its own: no edition, however large, holds it up.</summary>
internal sealed class TransactionalWorker(IServiceScopeFactory scopes, SharedClock clock, ILogger<TransactionalWorker> log) : Worker(TimeSpan.FromSeconds(2), log)
{
    private const int SideBySide = 8;
    private const int AtOnce = 100;

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        List<Guid> due;
        await using (var scope = scopes.CreateAsyncScope())
        {
            var now = await clock.NowAsync(stopping);
            due = await scope.ServiceProvider.GetRequiredService<MailerDb>().TransactionalMails.AsNoTracking()
                .Where(m => (m.State == TransactionalState.Queued && m.DueAt <= now) || (m.State == TransactionalState.Sending && m.LeaseUntil < now))
                .OrderBy(m => m.DueAt).Select(m => m.Id).Take(AtOnce).ToListAsync(stopping);
        }
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = stopping }, async (mail, cancellation) =>
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<TransactionalSender>().SendAsync(mail, cancellation);
        });
        return due.Count == AtOnce;
    }
}
