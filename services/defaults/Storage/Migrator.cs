using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Newsletter.Defaults.Storage;

/// <summary>Brings the schema up to date before the process listens; waits as long as the database is away.</summary>
internal sealed partial class Migrator<TDb>(IServiceScopeFactory scopes, ILogger<Migrator<TDb>> log) : IHostedService where TDb : ServiceDb
{
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<TDb>();
                if (db.IsSqlite) await PrepareSqliteAsync(db, cancellationToken);
                await db.Database.MigrateAsync(cancellationToken);
                return;
            }
            catch (Exception e) when (DatabaseFailure.IsAway(e))
            {
                Away(typeof(TDb).Name, e.GetBaseException().GetType().Name);
                await Task.Delay(TimeSpan.FromSeconds(1), cancellationToken);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task PrepareSqliteAsync(TDb db, CancellationToken cancellation)
    {
        await db.Database.ExecuteSqlRawAsync("PRAGMA journal_mode=WAL", cancellation);
        // A process killed while it migrated leaves EF's lock row behind for good; only this process uses the file.
        var tables = await db.Database.SqlQueryRaw<int>(
            "SELECT COUNT(*) AS Value FROM sqlite_master WHERE name = '__EFMigrationsLock'").SingleAsync(cancellation);
        if (tables > 0) await db.Database.ExecuteSqlRawAsync("DELETE FROM \"__EFMigrationsLock\"", cancellation);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database of {Context} is away ({Reason}); waiting for it")]
    private partial void Away(string context, string reason);
}

internal sealed class DatabaseCheck<TDb>(TDb db) : IHealthCheck where TDb : ServiceDb
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        await db.Database.CanConnectAsync(cancellationToken) ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("no connection");
}
