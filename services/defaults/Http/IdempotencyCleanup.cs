using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Http;

/// <summary>Deletes kept answers after their 24 hours: at the start and every hour.</summary>
internal sealed partial class IdempotencyCleanup<TDb>(IServiceScopeFactory scopes, ServiceName<TDb> service, Schedules schedules, TimeProvider time, ILogger<IdempotencyCleanup<TDb>> log)
    : BackgroundService where TDb : ServiceDb
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var schedule = schedules.Of(service.Value, "idempotency keys", Pause);
        while (true)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<TDb>();
                var before = time.GetUtcNow() - IdempotentCall.Retention;
                await db.IdempotentCalls.Where(c => c.StartedAt < before).ExecuteDeleteAsync(stoppingToken);
                schedule.Ran();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                schedule.Failed(e);
                CleanupFailed(typeof(TDb).Name, e.GetBaseException().GetType().Name);
            }
            await Task.Delay(Pause, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old answers of {Context} could not be deleted ({Reason}); trying again in an hour")]
    private partial void CleanupFailed(string context, string reason);
}
