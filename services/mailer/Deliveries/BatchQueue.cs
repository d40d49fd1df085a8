using System.Collections.Concurrent;
using System.Diagnostics;
using System.Threading.Channels;
using MassTransit;
using Newsletter.Contracts;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Batches that this process was woken for. Only hints: the rows say what is due, and a claim says whose it is.</summary>
internal sealed class BatchQueue
{
    private readonly Channel<Guid> _due = Channel.CreateUnbounded<Guid>();
    private readonly ConcurrentDictionary<Guid, ActivityContext> _waiting = new();

    public void Add(Guid batch)
    {
        if (_waiting.TryAdd(batch, Activity.Current?.Context ?? default)) _due.Writer.TryWrite(batch);
    }

    /// <returns>The batch, and the trace of whoever woke us.</returns>
    public async ValueTask<(Guid Batch, ActivityContext Waker)> NextAsync(CancellationToken cancellation)
    {
        var batch = await _due.Reader.ReadAsync(cancellation);
        _waiting.TryRemove(batch, out var waker);
        return (batch, waker);
    }
}

internal sealed class DeliverBatchConsumer(BatchQueue queue) : IConsumer<DeliverBatch>
{
    public Task Consume(ConsumeContext<DeliverBatch> context)
    {
        queue.Add(context.Message.BatchId);
        return Task.CompletedTask;
    }
}
