using Newsletter.Defaults.Bus;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Newsletter.Defaults.Operations;

/// <summary>How much lies in a service's queues, as the broker tells it to whoever declares them passively.</summary>
internal sealed class BrokerQueues(Broker broker, BusConsumers consumers)
{
    public async Task<IReadOnlyList<QueueView>> DepthsAsync(string service, CancellationToken cancellation)
    {
        List<QueueView> depths = [];
        IChannel? channel = null;
        try
        {
            foreach (var queue in consumers.QueuesOf(service))
            {
                var main = await DepthAsync(queue);
                var errors = await DepthAsync(queue + ErrorQueues.Errors);
                var dead = await DepthAsync(queue + ErrorQueues.Dead);
                depths.Add(new(queue, main?.MessageCount ?? 0, main?.ConsumerCount ?? 0, errors?.MessageCount ?? 0, dead?.MessageCount ?? 0));
            }
            return depths;
        }
        finally
        {
            if (channel is not null) await channel.DisposeAsync();
        }

        // A queue that is not there, such as an error queue before the first error, costs the channel.
        async Task<QueueDeclareOk?> DepthAsync(string queue)
        {
            if (channel is not { IsOpen: true })
            {
                if (channel is not null) await channel.DisposeAsync();
                channel = await broker.OpenAsync(cancellation);
            }
            try
            {
                return await channel.QueueDeclarePassiveAsync(queue, cancellation);
            }
            catch (OperationInterruptedException e) when (e.ShutdownReason?.ReplyCode == Constants.NotFound)
            {
                return null;
            }
        }
    }
}
