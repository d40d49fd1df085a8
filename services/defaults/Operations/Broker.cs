using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Newsletter.Defaults.Operations;

/// <summary>A connection beside the bus's own, to look at queues and to move messages between them. Opened when it is first needed.</summary>
internal sealed class Broker(Uri address) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly SemaphoreSlim _opening = new(1, 1);
    private IConnection? _connection;

    /// <summary>It confirms what it took, and says so when no queue takes it; prefetch does not matter, nothing is consumed.</summary>
    public async Task<IChannel> OpenAsync(CancellationToken cancellation) =>
        await (await ConnectedAsync(cancellation)).CreateChannelAsync(
            new(publisherConfirmationsEnabled: true, publisherConfirmationTrackingEnabled: true), cancellation);

    /// <summary>The broker cannot be reached or ended the connection: trying again later helps.</summary>
    public static bool IsAway(Exception e) =>
        e is BrokerUnreachableException or AlreadyClosedException or OperationInterruptedException or IOException or TimeoutException
            or System.Net.Sockets.SocketException;

    public async ValueTask DisposeAsync()
    {
        if (_connection is { } connection) await connection.DisposeAsync();
        _opening.Dispose();
    }

    private async Task<IConnection> ConnectedAsync(CancellationToken cancellation)
    {
        if (_connection is { IsOpen: true } open) return open;
        await _opening.WaitAsync(cancellation);
        try
        {
            if (_connection is { IsOpen: true } another) return another;
            if (_connection is { } closed) await closed.DisposeAsync();
            _connection = null;
            var factory = new ConnectionFactory
            {
                Uri = address,
                ClientProvidedName = "newsletter operations",
                AutomaticRecoveryEnabled = false,
                RequestedConnectionTimeout = Patience,
                ContinuationTimeout = Patience,
            };
            return _connection = await factory.CreateConnectionAsync(cancellation);
        }
        finally
        {
            _opening.Release();
        }
    }
}
