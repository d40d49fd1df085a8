using System.Diagnostics.Metrics;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Gateway.Certificates;

/// <summary>
/// Looks every ten minutes at the certificate that the installation's https address shows to the world, whoever ends TLS there. One that a browser would
/// refuse (its chain, its name) has no time left; nor has an address where nobody answers.
/// </summary>
internal sealed partial class CertificateWatch(IOptions<NewsletterOptions> newsletter, TimeProvider time, ILogger<CertificateWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly Gauge<double> Remaining = NewsletterTelemetry.Meter.CreateGauge<double>(
        "newsletter.certificate.remaining", "s", "Until the certificate of the installation's https address ends; 0 when none is shown that a browser would take");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var address = new Uri(newsletter.Value.Url);
        if (address.Scheme != Uri.UriSchemeHttps) return;
        using var timer = new PeriodicTimer(Every);
        do Remaining.Record(Math.Max(0, (await RemainingAsync(address, stoppingToken)).TotalSeconds));
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task<TimeSpan> RemainingAsync(Uri address, CancellationToken stopping)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        patience.CancelAfter(Patience);
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(address.IdnHost, address.Port, patience.Token);
            await using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address.IdnHost }, patience.Token);
            using var certificate = new X509Certificate2(tls.RemoteCertificate!);
            return certificate.NotAfter.ToUniversalTime() - time.GetUtcNow().UtcDateTime;
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException || e is OperationCanceledException && !stopping.IsCancellationRequested)
        {
            NoneShown(address.IdnHost, e.GetBaseException().GetType().Name);
            return TimeSpan.Zero;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Host} shows no certificate that a browser would take ({Reason})")]
    private partial void NoneShown(string host, string reason);
}
