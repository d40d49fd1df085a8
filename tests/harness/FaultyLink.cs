using System.Net;
using System.Net.Sockets;

namespace Newsletter.Tests.Harness;

/// <summary>
/// A TCP link to a broker, a database or a provider that a test can cut and mend. While it is cut, every connection through it
/// is reset, old ones and new ones; the address stays the same.
/// </summary>
public sealed class FaultyLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly (string Host, int Port) _target;
    private readonly Task _accepting;
    private readonly Lock _switch = new();
    private readonly HashSet<TcpClient> _open = [];
    private bool _cut;

    private FaultyLink(string host, int port)
    {
        _target = (host, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public static FaultyLink To(string host, int port) => new(host, port);

    /// <summary>A link to where the address points; the answer is the same address through the link.</summary>
    public static FaultyLink To(Uri address, out Uri through)
    {
        var link = new FaultyLink(address.Host, address.Port);
        through = new UriBuilder(address) { Host = "127.0.0.1", Port = link.Port }.Uri;
        return link;
    }

    public void Cut()
    {
        lock (_switch)
        {
            _cut = true;
            foreach (var client in _open) Reset(client);
            _open.Clear();
        }
    }

    public void Mend()
    {
        lock (_switch) _cut = false;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        Cut();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true)
        {
            var client = await _listener.AcceptTcpClientAsync(_end.Token);
            if (Keep(client)) _ = PassAsync(client);
        }
    }

    private bool Keep(TcpClient client)
    {
        lock (_switch)
        {
            if (_cut) Reset(client);
            else _open.Add(client);
            return !_cut;
        }
    }

    private async Task PassAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(_target.Host, _target.Port, _end.Token);
            if (!Keep(server)) return;
            await Task.WhenAny(
                client.GetStream().CopyToAsync(server.GetStream(), _end.Token),
                server.GetStream().CopyToAsync(client.GetStream(), _end.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // Either end went away, which is what this link is for.
        }
        lock (_switch)
        {
            _open.Remove(client);
            _open.Remove(server);
            Reset(client);
        }
    }

    private static void Reset(TcpClient client)
    {
        try
        {
            client.LingerState = new(true, 0);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // Closed already.
        }
        client.Dispose();
    }
}
