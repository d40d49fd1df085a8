using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Keeps a claim alive while the provider takes its time; a process that dies lets it run out.</summary>
internal sealed partial class BatchLease(IServiceScopeFactory scopes, IOptions<MailOptions> options, SharedClock clock, ILogger<BatchLease> log)
{
    public IAsyncDisposable Hold(Guid batch, Guid lease) => new Held(this, batch, lease);

    /// <summary>
    /// False when the batch is somebody else's by now. In a transaction the row stays locked until its end, so that nobody takes over in between.
    /// </summary>
    public async Task<bool> RenewAsync(MailerDb db, Guid batch, Guid lease, CancellationToken cancellation)
    {
        var until = await clock.NowAsync(cancellation) + options.Value.Lease;
        return await db.Batches.Where(b => b.Id == batch && b.LeaseId == lease)
            .ExecuteUpdateAsync(s => s.SetProperty(b => b.LeaseUntil, until), cancellation) == 1;
    }

    private async Task KeepAsync(Guid batch, Guid lease, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.Value.Lease / 4);
        while (await timer.WaitForNextTickAsync(stop))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                if (!await RenewAsync(scope.ServiceProvider.GetRequiredService<MailerDb>(), batch, lease, stop)) return;
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                // Whatever it was, the letters are still being sent: only the next try can tell whether the batch is still ours.
                NotRenewed(batch, e.GetBaseException().GetType().Name);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of batch {Batch} could not be renewed ({Reason}); trying again")]
    private partial void NotRenewed(Guid batch, string reason);

    private sealed class Held : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _keeping;

        public Held(BatchLease leases, Guid batch, Guid lease) => _keeping = leases.KeepAsync(batch, lease, _stop.Token);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _keeping.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }
    }
}
