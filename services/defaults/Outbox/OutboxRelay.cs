using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Storage;
using OpenTelemetry;

namespace Newsletter.Defaults.Outbox;

/// <summary>
/// Hands committed messages to the bus and deletes them after its confirm: at least once, in no promised order.
/// On PostgreSQL any number of relays share the rows: they stay locked (SKIP LOCKED) while they are published, so a killed process frees them at once.
/// In one process with its consumers (mediator, SQLite) the only relay starts each row by itself, so a slow consumer holds up nobody else's.
/// </summary>
internal sealed partial class OutboxRelay<TDb>(
    IServiceScopeFactory scopes, OutboxSignal<TDb> signal, OutboxPublisher publisher, ILogger<OutboxRelay<TDb>> log)
    : BackgroundService where TDb : ServiceDb
{
    /// <summary>
    /// Published side by side. RabbitMQ.Client 7.2.2 buffers 128 frames per connection, acknowledgements among them; once they are full when a connection breaks it may take that connection
    /// for open for good (rabbitmq-dotnet-client issue 1930).
    /// </summary>
    private const int BatchSize = 50;
    private const int SideBySide = 16;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private readonly ConcurrentDictionary<Guid, Task> _underWay = new();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await RelayAsync(stoppingToken)) { }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                RelayFailed(typeof(TDb).Name, e.GetBaseException().GetType().Name);
            }
            await signal.WaitAsync(Poll, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        await Task.WhenAll(_underWay.Values);
    }

    /// <summary>True where more is likely to wait.</summary>
    private async Task<bool> RelayAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        return publisher.IsRemote && !db.IsSqlite ? await RelayLockedAsync(db, cancellation) : await StartDueAsync(db, cancellation);
    }

    private async Task<bool> RelayLockedAsync(TDb db, CancellationToken cancellation)
    {
        List<OutboxMessage> claimed;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        using (Step("outbox claim"))
        {
            claimed = await db.Outbox.FromSql(
                $"SELECT * FROM outbox WHERE due_at <= now() ORDER BY id LIMIT {BatchSize} FOR UPDATE SKIP LOCKED").ToListAsync(cancellation);
        }
        if (claimed.Count == 0) return false;

        var sent = await Task.WhenAll(claimed.Select(row => publisher.TryPublishAsync(row, cancellation)));
        using (Step("outbox delete"))
        {
            var gone = claimed.Where((_, at) => sent[at]).Select(row => row.Id).ToList();
            await db.Outbox.Where(row => gone.Contains(row.Id)).ExecuteDeleteAsync(cancellation);
            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }
        return claimed.Count == BatchSize && sent.All(ok => ok);
    }

    /// <summary>Only this loop adds to what is under way, and a row leaves it after its deletion: none is relayed twice at a time.</summary>
    private async Task<bool> StartDueAsync(TDb db, CancellationToken cancellation)
    {
        var busy = _underWay.Keys.ToList();
        if (busy.Count >= SideBySide) return false;
        List<OutboxMessage> due;
        using (Step("outbox claim"))
        {
            var now = TimeProvider.System.GetUtcNow();
            due = await db.Outbox.AsNoTracking().Where(row => row.DueAt <= now && !busy.Contains(row.Id))
                .OrderBy(row => row.Id).Take(SideBySide - busy.Count).ToListAsync(cancellation);
        }
        foreach (var row in due)
        {
            var finished = new TaskCompletionSource();
            _underWay[row.Id] = finished.Task;
            _ = RelayOneAsync(row, finished, cancellation);
        }
        return false;
    }

    private async Task RelayOneAsync(OutboxMessage row, TaskCompletionSource finished, CancellationToken cancellation)
    {
        try
        {
            await Task.Yield();
            var sent = await publisher.TryPublishAsync(row, cancellation);
            await using var scope = scopes.CreateAsyncScope();
            var db = scope.ServiceProvider.GetRequiredService<TDb>();
            using var step = Step("outbox delete");
            if (sent) await db.Outbox.Where(m => m.Id == row.Id).ExecuteDeleteAsync(cancellation);
            else
            {
                db.Update(row);
                await db.SaveChangesAsync(cancellation);
            }
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            RelayFailed(typeof(TDb).Name, e.GetBaseException().GetType().Name);
        }
        finally
        {
            _underWay.TryRemove(row.Id, out _);
            finished.SetResult();
            signal.Raise();
        }
    }

    /// <summary>Names the step for whoever listens, and keeps a poll every second out of the exported traces.</summary>
    private static Quietly Step(string name) => new(SuppressInstrumentationScope.Begin(), OutboxPublisher.Steps.StartActivity(name));

    private readonly record struct Quietly(IDisposable Suppressed, Activity? Activity) : IDisposable
    {
        public void Dispose()
        {
            Activity?.Dispose();
            Suppressed.Dispose();
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outbox of {Context} cannot be relayed ({Reason}); trying again")]
    private partial void RelayFailed(string context, string reason);
}
