using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Keeps a claim alive while the provider takes its time; a process that dies lets it run out.</summary>
internal sealed partial class BatchLease(IServiceScopeFactory scopes, IOptions<MailOptions> options, TimeProvider time, ILogger<BatchLease> log)
{
    public IAsyncDisposable Hold(Guid batch, Guid lease) => new Held(this, batch, lease);

    private async Task KeepAsync(Guid batch, Guid lease, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(options.Value.Lease / 4);
        while (await timer.WaitForNextTickAsync(stop).AsTask().ContinueWith(t => t.IsCompletedSuccessfully && t.Result, TaskScheduler.Default))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
                await db.Batches.Where(b => b.Id == batch && b.LeaseId == lease)
                    .ExecuteUpdateAsync(s => s.SetProperty(b => b.LeaseUntil, time.GetUtcNow() + options.Value.Lease), stop);
            }
            catch (Exception e) when (DatabaseFailure.IsAway(e))
            {
                NotRenewed(batch);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The lease of batch {Batch} could not be renewed; trying again")]
    private partial void NotRenewed(Guid batch);

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
