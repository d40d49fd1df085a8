using System.ComponentModel.DataAnnotations;

namespace Newsletter.Gateway;

/// <summary>Section <c>Gateway</c>.</summary>
public sealed class GatewayOptions
{
    /// <summary>A second listener for our own processes: health, metrics, and in standalone the calls between services. Never publish its port.</summary>
    [Required, Url]
    public string InternalUrl { get; set; } = "http://127.0.0.1:0";

    /// <summary>Addresses or networks (CIDR) of proxies whose <c>X-Forwarded-*</c> headers are believed.</summary>
    public string[] TrustedProxies { get; set; } = [];

    /// <summary>Requests that one network (IPv4 /24, IPv6 /56) may send in a second, sustained.</summary>
    [Range(1, 1_000_000)]
    public int RequestsPerSecond { get; set; } = 200;

    /// <summary>The same for requests that change something.</summary>
    [Range(1, 1_000_000)]
    public int UnsafeRequestsPerSecond { get; set; } = 20;

    /// <summary>The same for the providers' webhooks, which have a limit of their own: they come in bulk, and are read before their signature is known to be good.</summary>
    [Range(1, 1_000_000)]
    public int WebhookRequestsPerSecond { get; set; } = 500;

    /// <summary>
    /// Requests that one network may send in a minute where each has us mail an address that the sender names: sign-up, sign-in,
    /// change of address. So many at once, then one after the other. A request with staff's API key is not counted.
    /// </summary>
    [Range(1, 1_000_000)]
    public int MailingRequestsPerMinute { get; set; } = 20;

    /// <summary>Largest body that is forwarded, in bytes; services set narrower limits of their own.</summary>
    [Range(1 << 20, 1 << 28)]
    public long MaxRequestBytes { get; set; } = 12 << 20;
}
