using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Newsletter.Defaults.Identity;

namespace Newsletter.Gateway.Network;

/// <summary>
/// Tells the internal listener from the public one, by the port that it got. It is known before the host says that it has started:
/// whoever then calls its own process is known as its own.
/// </summary>
internal sealed class InternalPort(IServer server, InternalListener internals) : IHostedLifecycleService
{
    private volatile int _port;

    public Task StartingAsync(CancellationToken cancellationToken)
    {
        internals.Port = () => _port;
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        if (server.Features.Get<IServerAddressesFeature>()?.Addresses.LastOrDefault() is { } address)
            _port = new Uri(address.Replace("*", "localhost", StringComparison.Ordinal)).Port;
        return Task.CompletedTask;
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
