using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Http;

/// <summary>Deletes kept answers after their 24 hours: at the start and every hour.</summary>
internal sealed partial class IdempotencyCleanup<TDb>(IServiceScopeFactory scopes, TimeProvider time, ILogger<IdempotencyCleanup<TDb>> log)
    : BackgroundService where TDb : ServiceDb
{
    private static readonly TimeSpan Pause = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (true)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<TDb>();
                var before = time.GetUtcNow() - IdempotentCall.Retention;
                await db.IdempotentCalls.Where(c => c.StartedAt < before).ExecuteDeleteAsync(stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                CleanupFailed(typeof(TDb).Name, e.GetBaseException().GetType().Name);
            }
            await Task.Delay(Pause, stoppingToken);
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Old answers of {Context} could not be deleted ({Reason}); trying again in an hour")]
    private partial void CleanupFailed(string context, string reason);
}
