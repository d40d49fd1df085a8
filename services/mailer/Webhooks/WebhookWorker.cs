using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Bounces;
using Newsletter.Mailer.Deliverability;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Webhooks;

/// <summary>Works out the calls that were taken, oldest first, and forgets what is old.</summary>
internal sealed partial class WebhookWorker(IServiceScopeFactory scopes, TimeProvider time, ILogger<WebhookWorker> log) : Worker(TimeSpan.FromSeconds(1), log)
{
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan KeepEventIds = TimeSpan.FromDays(7);
    private static readonly TimeSpan KeepBodies = TimeSpan.FromDays(30);
    private static readonly TimeSpan TidyEvery = TimeSpan.FromHours(1);
    /// <summary>Staff are told when an address is tried again: its letters are not to be left out much longer.</summary>
    private static readonly TimeSpan LiftEvery = TimeSpan.FromMinutes(1);
    private DateTimeOffset _tidied = DateTimeOffset.MinValue;
    private DateTimeOffset _lifted = DateTimeOffset.MinValue;

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        BounceMetrics.Begin();
        return base.StartAsync(cancellationToken);
    }

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var now = time.GetUtcNow();
        if (now - _tidied > TidyEvery)
        {
            await TidyAsync(db, now, stopping);
            _tidied = now;
        }
        if (now - _lifted > LiftEvery)
        {
            await scope.ServiceProvider.GetRequiredService<AddressBook>().LiftBlocksAsync(stopping);
            _lifted = now;
        }
        var id = await db.WebhookCalls.Where(c => c.DueAt <= now && (c.LeaseUntil == null || c.LeaseUntil < now))
            .OrderBy(c => c.DueAt).Select(c => (Guid?)c.Id).FirstOrDefaultAsync(stopping);
        if (id is not { } due) return false;
        await IngestAsync(scope.ServiceProvider, db, due, now, stopping);
        return true;
    }

    private async Task IngestAsync(IServiceProvider services, MailerDb db, Guid id, DateTimeOffset now, CancellationToken stopping)
    {
        var lease = Guid.CreateVersion7();
        var claimed = await db.WebhookCalls.Where(c => c.Id == id && (c.LeaseUntil == null || c.LeaseUntil < now))
            .ExecuteUpdateAsync(s => s.SetProperty(c => c.LeaseId, lease).SetProperty(c => c.LeaseUntil, now + Lease).SetProperty(c => c.Attempts, c => c.Attempts + 1), stopping);
        if (claimed == 0) return;
        var call = await db.WebhookCalls.AsNoTracking().SingleAsync(c => c.Id == id, stopping);
        try
        {
            await services.GetRequiredService<EventIngest>().IngestAsync(call, stopping);
        }
        catch (Exception e) when (!DatabaseFailure.IsAway(e) && !stopping.IsCancellationRequested)
        {
            // Two processes that learn of the same address at once, for one: the second look finds it known.
            Failed(id, call.Attempts, e);
            db.ChangeTracker.Clear();
            var again = time.GetUtcNow() + TimeSpan.FromSeconds(Math.Min(3600, Math.Pow(2, Math.Min(call.Attempts, 12)) / 2));
            await db.WebhookCalls.Where(c => c.Id == id && c.LeaseId == lease)
                .ExecuteUpdateAsync(s => s.SetProperty(c => c.DueAt, again).SetProperty(c => c.LeaseUntil, (DateTimeOffset?)null).SetProperty(c => c.Error, e.GetType().Name), stopping);
        }
    }

    private static async Task TidyAsync(MailerDb db, DateTimeOffset now, CancellationToken stopping)
    {
        var (oldIds, oldBodies) = (now - KeepEventIds, now - KeepBodies);
        await db.ProviderEvents.Where(e => e.ReceivedAt < oldIds).ExecuteDeleteAsync(stopping);
        await db.WebhookCalls.Where(c => c.ReceivedAt < oldBodies).ExecuteDeleteAsync(stopping);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Webhook call {Id} was not worked out at attempt {Attempt}")]
    private partial void Failed(Guid id, int attempt, Exception e);
}
