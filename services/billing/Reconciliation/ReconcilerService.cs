using Microsoft.Extensions.Options;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Webhooks;
using Newsletter.Defaults.Operations;

namespace Newsletter.Billing.Reconciliation;

/// <summary>Runs the comparison now and then, and counts subscriptions for the gauge.</summary>
internal sealed partial class ReconcilerService(
    IServiceScopeFactory scopes, SubscriptionCounts counts, IOptions<SyncOptions> options, Schedules schedules, ILogger<ReconcilerService> log) : BackgroundService
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var schedule = schedules.Of("billing", "reconciliation", options.Value.ReconcileMinutes * Minute);
        using var timer = new PeriodicTimer(Minute);
        // The first comparison waits a minute: a process that has just started has better things to do.
        for (var minute = 0; minute == 0 || await NextAsync(timer, stoppingToken); minute++)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<BillingDb>();
                await counts.RefreshAsync(db, stoppingToken);
                if (minute == 0 || minute % options.Value.ReconcileMinutes != 1 % options.Value.ReconcileMinutes) continue;
                var (different, refused) = await scope.ServiceProvider.GetRequiredService<Reconciler>().RunAsync(stoppingToken);
                Compared(different, refused);
                schedule.Ran();
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                schedule.Failed(e);
                CompareFailed(e.GetBaseException().GetType().Name);
            }
        }
    }

    private static async Task<bool> NextAsync(PeriodicTimer timer, CancellationToken cancellation)
    {
        try
        {
            return await timer.WaitForNextTickAsync(cancellation);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Compared with Stripe; {Count} objects differ, {Refused} accounts were refused")]
    private partial void Compared(int count, int refused);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Could not compare with Stripe ({Reason}); trying again")]
    private partial void CompareFailed(string reason);
}
