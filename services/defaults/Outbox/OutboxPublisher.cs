using System.Diagnostics;
using MassTransit;
using Microsoft.Extensions.Logging;
using Newsletter.Contracts;
using Newsletter.Defaults.Bus;
using RabbitMQ.Client.Exceptions;

namespace Newsletter.Defaults.Outbox;

/// <summary>Hands one outbox row to the bus: RabbitMQ confirms that a queue holds it, the mediator that every consumer is through.</summary>
internal sealed partial class OutboxPublisher(BusAddress bus, ILogger<OutboxPublisher> log)
{
    internal static readonly ActivitySource Steps = new("Newsletter.Outbox");
    private static readonly TimeSpan ConfirmTimeout = TimeSpan.FromSeconds(10);

    public bool IsRemote => bus.IsRemote;

    /// <summary>True when the row may go; otherwise it says what went wrong and when it is due again.</summary>
    public async Task<bool> TryPublishAsync(OutboxMessage row, CancellationToken cancellation)
    {
        // The first trace goes on behind the row: a publishing activity under its parent, and the consumer's under that.
        Activity.Current = null;
        ActivityContext.TryParse(row.TraceParent, row.TraceState, isRemote: true, out var parent);
        using var step = Steps.StartActivity($"outbox publish {OutboxMessage.ShortName(row.Type)}", ActivityKind.Producer, parent);
        try
        {
            var (message, type) = row.Open();
            using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            if (bus.IsRemote) timeout.CancelAfter(ConfirmTimeout);
            var publish = bus.Endpoint.Publish(message, type, context =>
            {
                context.MessageId = row.Id;
                // What no queue takes comes back, instead of being dropped by the broker; the mediator may well have nobody who listens.
                context.Mandatory = bus.IsRemote && !type.IsDefined(typeof(MayGoUnheardAttribute), inherit: false);
            }, timeout.Token);
            // A publish that was under way when the broker went is sometimes never heard of again, whatever its token says; the next one is a new one.
            await (bus.IsRemote ? publish.WaitAsync(timeout.Token) : publish);
            return true;
        }
        catch (Exception e) when (!cancellation.IsCancellationRequested)
        {
            if (bus.IsRemote && IsAway(e)) row.BusAway(e);
            else row.Failed(e);
            PublishFailed(row.Attempts == 1 ? LogLevel.Warning : LogLevel.Debug, row.Id, row.Type, row.Attempts, row.Error);
            return false;
        }
    }

    private static bool IsAway(Exception e) =>
        e is OperationCanceledException or RabbitMQClientException or (MassTransitException and not MessageReturnedException);

    [LoggerMessage(Message = "Outbox message {Id} of type {Type} failed at attempt {Attempt}: {Error}")]
    private partial void PublishFailed(LogLevel level, Guid id, string type, int attempt, string? error);
}
