using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Outbox;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Operations;

/// <summary>What waits in a service's outbox. Where there is no broker this is the queue: a row stays until every consumer is through.</summary>
internal sealed class OutboxRows<TDb>(TDb db, OutboxSignal<TDb> signal, BusConsumers consumers) where TDb : ServiceDb
{
    /// <summary>More than these are not counted: an outbox that long is in trouble, however long it is.</summary>
    private const int CountAtMost = 100_000;

    public async Task<OutboxView> SummaryAsync(CancellationToken cancellation)
    {
        // Rows that are to wait have no error and are not due yet; they are nobody's delay.
        var now = TimeProvider.System.GetUtcNow();
        var late = db.Outbox.AsNoTracking().Where(row => row.DueAt <= now || row.Error != null);
        var oldest = await late.OrderBy(row => row.CreatedAt).Select(row => (DateTimeOffset?)row.CreatedAt).FirstOrDefaultAsync(cancellation);
        return new(
            await db.Outbox.OrderBy(row => row.Id).Take(CountAtMost).CountAsync(cancellation),
            oldest is { } since ? Math.Max(0, Math.Round((now - since).TotalSeconds, 3)) : 0,
            await db.Outbox.Where(row => row.Error != null).OrderBy(row => row.Id).Take(CountAtMost).CountAsync(cancellation));
    }

    /// <summary>The rows as queues, one for each type of message.</summary>
    public async Task<IReadOnlyList<QueueView>> QueuesAsync(CancellationToken cancellation)
    {
        var rows = await db.Outbox.GroupBy(row => row.Type)
            .Select(group => new { Type = group.Key, All = group.LongCount(), Failing = group.LongCount(row => row.Error != null) })
            .OrderBy(group => group.Type).ToListAsync(cancellation);
        return [.. rows.Select(r => new QueueView(OutboxMessage.ShortName(r.Type), r.All - r.Failing, ConsumersOf(r.Type), r.Failing, 0))];
    }

    /// <param name="queue">A message's type; null: all.</param>
    public async Task<IReadOnlyList<FailureView>> FailingAsync(string? queue, int limit, CancellationToken cancellation)
    {
        var rows = await Failing(await TypesAsync(queue, cancellation)).AsNoTracking().OrderBy(row => row.Id).Take(limit).ToListAsync(cancellation);
        return [.. rows.Select(row => new FailureView(
            row.Id.ToString(), OutboxMessage.ShortName(row.Type), OutboxMessage.ShortName(row.Type), row.Error, row.FailedAt, row.Attempts, FailedMessage.TraceOf(row.TraceParent)))];
    }

    /// <summary>Due now, instead of at the next try.</summary>
    public async Task<int> RetryAsync(string queue, IReadOnlyList<Guid>? ids, CancellationToken cancellation)
    {
        var rows = Failing(await TypesAsync(queue, cancellation));
        if (ids is not null) rows = rows.Where(row => ids.Contains(row.Id));
        var due = await rows.ExecuteUpdateAsync(set => set.SetProperty(row => row.DueAt, TimeProvider.System.GetUtcNow()), cancellation);
        signal.Raise();
        return due;
    }

    private IQueryable<OutboxMessage> Failing(List<string>? types) =>
        types is null ? db.Outbox.Where(row => row.Error != null) : db.Outbox.Where(row => row.Error != null && types.Contains(row.Type));

    private async Task<List<string>?> TypesAsync(string? queue, CancellationToken cancellation) => queue is null ? null
        : (await db.Outbox.Select(row => row.Type).Distinct().ToListAsync(cancellation)).FindAll(type => OutboxMessage.ShortName(type) == queue);

    private int ConsumersOf(string type) => OutboxMessage.TypeOf(type) is not { } message ? 0
        : consumers.Registrations.Count(r => r.Consumer.GetInterfaces().Any(i => i.IsGenericType && i.GetGenericTypeDefinition() == typeof(MassTransit.IConsumer<>) && i.GetGenericArguments()[0] == message));
}
