using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Outbox;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Newsletter.Defaults.Operations;

/// <summary>
/// What lies in <c>…_error</c> and <c>…_dead</c>: looked at without taking it away, and moved back to its queue. A message is acknowledged only after the
/// broker has confirmed its copy, so whatever dies in between leaves one too many, never one too few.
/// </summary>
internal sealed class ErrorQueues(Broker broker, BusConsumers consumers) : IDisposable
{
    public const string Errors = "_error";
    public const string Dead = "_dead";

    /// <summary>
    /// Each look counts as a delivery, and quorum queues drop a message after their delivery limit (20): one that was looked at so often is put back
    /// as a copy, which starts to count at none.
    /// </summary>
    private const int MostReturns = 10;

    // What one caller looks at is hidden from another until it is put back.
    private readonly SemaphoreSlim _alone = new(1, 1);

    public void Dispose() => _alone.Dispose();

    /// <param name="asked">A consumer's queue, for both of its error queues, or one of them; null: all of the service.</param>
    /// <returns>None for a queue that is not the service's.</returns>
    public IReadOnlyList<string> Named(string service, string? asked) =>
    [
        .. consumers.QueuesOf(service).SelectMany(queue => (string[])[queue + Errors, queue + Dead])
            .Where(queue => asked is null || queue == asked || OriginOf(queue) == asked),
    ];

    public async Task<IReadOnlyList<FailureView>> ListAsync(IReadOnlyList<string> queues, int limit, CancellationToken cancellation)
    {
        List<FailureView> failures = [];
        await WalkAsync(queues, async (channel, queue) =>
        {
            List<BasicGetResult> seen = [];
            try
            {
                while (failures.Count < limit && await channel.BasicGetAsync(queue, autoAck: false, cancellation) is { } message)
                {
                    seen.Add(message);
                    failures.Add(FailedMessage.View(queue, message));
                }
            }
            finally
            {
                foreach (var message in seen) await ReturnAsync(channel, queue, message);
                await BackAsync(channel, queue, seen.Count);
            }
        }, cancellation);
        return failures;
    }

    /// <param name="ids">Only these messages; null: all that lie there now.</param>
    public async Task<int> ReplayAsync(IReadOnlyList<string> queues, IReadOnlySet<string>? ids, CancellationToken cancellation)
    {
        var replayed = 0;
        await WalkAsync(queues, async (channel, queue) =>
        {
            // Each once: what fails again at once is not chased in a circle. Not by the queue's length, which lags behind what was just put back.
            HashSet<string> met = [];
            List<ulong> kept = [];
            try
            {
                while (await channel.BasicGetAsync(queue, autoAck: false, cancellation) is { } message)
                {
                    var id = message.BasicProperties.MessageId ?? "";
                    if ((id.Length == 0 || met.Add(id)) && (ids is null || ids.Contains(id)))
                    {
                        await MoveAsync(channel, OriginOf(queue), message);
                        replayed++;
                    }
                    else if (IsWorn(message)) await MoveAsync(channel, queue, message);
                    else kept.Add(message.DeliveryTag);
                }
            }
            finally
            {
                foreach (var tag in kept) await channel.BasicNackAsync(tag, multiple: false, requeue: true, CancellationToken.None);
                await BackAsync(channel, queue, kept.Count);
            }
        }, cancellation);
        return replayed;
    }

    private async Task WalkAsync(IReadOnlyList<string> queues, Func<IChannel, string, Task> visit, CancellationToken cancellation)
    {
        await _alone.WaitAsync(cancellation);
        try
        {
            foreach (var queue in queues)
            {
                await using var channel = await broker.OpenAsync(cancellation);
                try
                {
                    await visit(channel, queue);
                }
                catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
                {
                    // Nothing has failed there yet.
                }
            }
        }
        finally
        {
            _alone.Release();
        }
    }

    private static async Task ReturnAsync(IChannel channel, string queue, BasicGetResult message)
    {
        if (IsWorn(message)) await MoveAsync(channel, queue, message);
        else await channel.BasicNackAsync(message.DeliveryTag, multiple: false, requeue: true, CancellationToken.None);
    }

    /// <summary>A quorum queue takes a moment to have back what was returned, up to seconds on a busy machine; until then a replay or another look would find too few.</summary>
    private static async Task BackAsync(IChannel channel, string queue, int messages)
    {
        for (var tries = 0; messages > 0 && tries < 200 && await channel.MessageCountAsync(queue, CancellationToken.None) < messages; tries++)
            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
    }

    private static async Task MoveAsync(IChannel channel, string to, BasicGetResult message)
    {
        using var step = OutboxPublisher.Steps.StartActivity("error move");
        var properties = new BasicProperties(message.BasicProperties) { Persistent = true, Headers = FailedMessage.HeadersOf(message, isReplay: to == OriginOf(to)) };
        await channel.BasicPublishAsync("", to, mandatory: true, properties, message.Body, CancellationToken.None);
        using (OutboxPublisher.Steps.StartActivity("error acknowledge"))
            await channel.BasicAckAsync(message.DeliveryTag, multiple: false, CancellationToken.None);
    }

    private static bool IsWorn(BasicGetResult message) => FailedMessage.Number(message, "x-delivery-count") >= MostReturns;

    private static string OriginOf(string queue) =>
        queue.EndsWith(Errors, StringComparison.Ordinal) ? queue[..^Errors.Length] : queue.EndsWith(Dead, StringComparison.Ordinal) ? queue[..^Dead.Length] : queue;
}
