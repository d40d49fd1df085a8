using System.Diagnostics;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Outbox;

/// <summary>
/// Hands committed messages to the bus and deletes them after its confirm: at least once, in no promised order, by any number of processes.
/// On PostgreSQL the rows stay locked (SKIP LOCKED) while they are published, so a killed process frees them at once.
/// On SQLite, which one process owns, the bus is the mediator: it returns when every consumer has, so messages run side by side.
/// </summary>
internal sealed partial class OutboxRelay<TDb>(IServiceScopeFactory scopes, OutboxSignal<TDb> signal, BusAddress bus, ILogger<OutboxRelay<TDb>> log)
    : BackgroundService where TDb : ServiceDb
{
    internal static readonly ActivitySource Steps = new("Newsletter.Outbox");
    private const int BatchSize = 100;
    private const int SideBySide = 16;
    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(10);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                // A full batch says that more is waiting.
                while (await RelayAsync(stoppingToken) == BatchSize) { }
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                RelayFailed(typeof(TDb).Name, e.GetBaseException().GetType().Name);
            }
            await signal.WaitAsync(Poll, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task<int> RelayAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        if (db.IsSqlite)
        {
            var now = DateTimeOffset.UtcNow;
            var due = await db.Outbox.AsNoTracking().Where(m => m.DueAt <= now).OrderBy(m => m.Id).Take(BatchSize).ToListAsync(cancellation);
            await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellation }, RelayOneAsync);
            return due.Count;
        }

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var claimed = await ClaimAsync(db, cancellation);
        if (claimed.Count == 0) return 0;
        var outcomes = await Task.WhenAll(claimed.Select(m => TryPublishAsync(m, cancellation)));
        using (Steps.StartActivity("outbox delete"))
        {
            foreach (var (message, error) in claimed.Zip(outcomes))
            {
                if (error is null) db.Remove(message);
                else message.Failed(error);
            }
            await db.SaveChangesAsync(cancellation);
            await transaction.CommitAsync(cancellation);
        }
        return outcomes.All(e => e is null) ? claimed.Count : 0;
    }

    private static async Task<List<OutboxMessage>> ClaimAsync(TDb db, CancellationToken cancellation)
    {
        using var step = Steps.StartActivity("outbox claim");
        return await db.Outbox.FromSql(
            $"SELECT * FROM outbox WHERE due_at <= now() ORDER BY id LIMIT {BatchSize} FOR UPDATE SKIP LOCKED").ToListAsync(cancellation);
    }

    private async ValueTask RelayOneAsync(OutboxMessage message, CancellationToken cancellation)
    {
        var error = await TryPublishAsync(message, cancellation);
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<TDb>();
        using var step = Steps.StartActivity("outbox delete");
        db.Attach(message);
        if (error is null) db.Remove(message);
        else message.Failed(error);
        await db.SaveChangesAsync(cancellation);
    }

    private async Task<Exception?> TryPublishAsync(OutboxMessage outgoing, CancellationToken cancellation)
    {
        try
        {
            // The first trace goes on behind the row: a publishing activity under its parent, and the consumer's under that.
            Activity.Current = null;
            ActivityContext.TryParse(outgoing.TraceParent, outgoing.TraceState, isRemote: true, out var parent);
            var (message, type) = outgoing.Open();
            using var step = Steps.StartActivity($"outbox publish {type.Name}", ActivityKind.Producer, parent);
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (bus.IsRemote) timeout.CancelAfter(PublishTimeout);
            await bus.Endpoint.Publish(message, type, context => context.MessageId = outgoing.Id, timeout.Token);
            return null;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            PublishFailed(outgoing.Id, outgoing.Type, outgoing.Attempts + 1, e);
            return e;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outbox of {Context} cannot be read ({Reason}); trying again")]
    private partial void RelayFailed(string context, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Outbox message {Id} of type {Type} failed at attempt {Attempt}")]
    private partial void PublishFailed(Guid id, string type, int attempt, Exception e);
}
