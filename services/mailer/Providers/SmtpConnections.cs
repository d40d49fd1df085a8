using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;

namespace Newsletter.Mailer.Providers;

/// <summary>Connections to the mail server that wait for the next letter.</summary>
internal sealed class SmtpConnections(SmtpOptions settings, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan ConnectTimeout = TimeSpan.FromSeconds(30);
    // Servers end what idles; Postfix after 300 s, some after 10.
    private static readonly TimeSpan KeepIdle = TimeSpan.FromSeconds(8);

    private readonly ConcurrentBag<(SmtpClient Client, long Since)> _idle = [];
    private volatile bool _isClosed;

    /// <param name="reuse">False: a new one, where a kept one turned out dead.</param>
    /// <exception cref="NotConnectedException">The server is away, or does not let us in: nothing was sent.</exception>
    public async Task<SmtpClient> RentAsync(bool reuse, CancellationToken cancellation)
    {
        while (reuse && _idle.TryTake(out var kept))
        {
            if (kept.Client.IsConnected && time.GetElapsedTime(kept.Since) < KeepIdle) return kept.Client;
            kept.Client.Dispose();
        }
        return await ConnectAsync(cancellation);
    }

    public void Return(SmtpClient client)
    {
        _idle.Add((client, time.GetTimestamp()));
        // Its account was changed while the letter was on its way.
        if (_isClosed) Dispose();
    }

    public void Dispose()
    {
        _isClosed = true;
        while (_idle.TryTake(out var kept)) kept.Client.Dispose();
    }

    private async Task<SmtpClient> ConnectAsync(CancellationToken cancellation)
    {
        // With Nagle's algorithm and delayed acknowledgements a connection carries 23 letters a second; without, thousands.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var client = new Client(new DataWatch(), settings.PublicOnly) { Timeout = (int)ConnectTimeout.TotalMilliseconds };
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(ConnectTimeout);
        try
        {
            await socket.ConnectAsync(await AddressesAsync(limit.Token), settings.Port, limit.Token);
            await client.ConnectAsync(socket, settings.Host!, settings.Port, settings.Security switch
            {
                SmtpSecurity.Tls => SecureSocketOptions.SslOnConnect,
                SmtpSecurity.StartTls => SecureSocketOptions.StartTls,
                _ => SecureSocketOptions.None,
            }, limit.Token);
            // Both need a letter's size, for which it would be written twice.
            client.Capabilities &= ~(SmtpCapabilities.Size | SmtpCapabilities.Chunking);
            if (settings.Username is { Length: > 0 } user) await client.AuthenticateAsync(user, settings.Password!, limit.Token);
            client.Timeout = (int)settings.Timeout.TotalMilliseconds;
            return client;
        }
        catch (Exception e) when (CodeOf(e) is { } code && !cancellation.IsCancellationRequested)
        {
            client.Dispose();
            socket.Dispose();
            throw new NotConnectedException(code, e);
        }
    }

    /// <summary>Looked up once: a name that leads to us at the second look would open our own network to whoever wrote it.</summary>
    private async Task<IPAddress[]> AddressesAsync(CancellationToken cancellation)
    {
        var addresses = await Dns.GetHostAddressesAsync(settings.Host!, cancellation);
        if (settings.PublicOnly) addresses = Array.FindAll(addresses, PublicAddress.Is);
        return addresses.Length > 0 ? addresses : throw new SocketException((int)SocketError.HostUnreachable);
    }

    private static string? CodeOf(Exception e) => e switch
    {
        AuthenticationException => "auth",
        SslHandshakeException or NotSupportedException => "tls",
        SmtpCommandException command => $"{(int)command.StatusCode}",
        SocketException or IOException or SmtpProtocolException or ServiceNotConnectedException or OperationCanceledException or TimeoutException => "connect",
        _ => null,
    };

    /// <summary>A stranger's certificate may name addresses for the rest of its chain and for what was revoked: fetched, they would open our own network to whoever wrote it.</summary>
    private sealed class Client(DataWatch watch, bool isPublicOnly) : SmtpClient(watch)
    {
        protected override SslClientAuthenticationOptions GetSslClientAuthenticationOptions(string host, RemoteCertificateValidationCallback callback)
        {
            var options = base.GetSslClientAuthenticationOptions(host, callback);
            if (isPublicOnly) options.CertificateChainPolicy = new() { DisableCertificateDownloads = true, RevocationMode = X509RevocationMode.NoCheck };
            return options;
        }
    }

    internal sealed class NotConnectedException(string code, Exception inner) : Exception($"No connection to the mail server: {code}.", inner)
    {
        public string Code { get; } = code;
        /// <summary>What the server said, if it was that.</summary>
        public SmtpCommandException? Answer => InnerException as SmtpCommandException;
    }
}
