using System.Net;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.HttpOverrides;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Gateway.Network;

/// <summary>Limits by network only (IPv4 /24, IPv6 /56); limits by address are rows in subscriber's database.</summary>
internal static class NetworkLimits
{
    public static void AddNetworkLimits(this WebApplicationBuilder builder)
    {
        var options = builder.Settings<GatewayOptions>("Gateway");
        builder.Services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            // Without a list of known proxies the framework would believe everybody.
            forwarded.ForwardedHeaders = options.TrustedProxies.Length == 0
                ? ForwardedHeaders.None
                : ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            forwarded.KnownIPNetworks.Clear();
            forwarded.KnownProxies.Clear();
            foreach (var proxy in options.TrustedProxies)
            {
                if (System.Net.IPNetwork.TryParse(proxy, out var network)) forwarded.KnownIPNetworks.Add(network);
                else if (IPAddress.TryParse(proxy, out var address)) forwarded.KnownProxies.Add(address);
                else throw new SettingException("Gateway__TrustedProxies", "holds something that is neither an address nor a network.");
            }
        });
        builder.Services.AddRateLimiter(limiter =>
        {
            limiter.RejectionStatusCode = StatusCodes.Status429TooManyRequests;
            limiter.OnRejected = async (context, _) =>
            {
                context.HttpContext.Response.Headers.RetryAfter = "1";
                await Problem.TooManyRequests("Too many requests from your network; wait a moment.").ExecuteAsync(context.HttpContext);
            };
            limiter.GlobalLimiter = PartitionedRateLimiter.CreateChained(
                PartitionedRateLimiter.Create<HttpContext, string>(http => IsOfProviders(http)
                    ? Bucket(http, "providers", options.WebhookRequestsPerSecond)
                    : Bucket(http, "all", options.RequestsPerSecond)),
                PartitionedRateLimiter.Create<HttpContext, string>(http => IsSafe(http) || IsOfProviders(http)
                    ? RateLimitPartition.GetNoLimiter("safe")
                    : Bucket(http, "unsafe", options.UnsafeRequestsPerSecond)));
        });
    }

    public static void UseNetworkLimits(this WebApplication app)
    {
        app.UseForwardedHeaders();
        app.UseMiddleware<CalledFor>();
        app.UseRateLimiter();
    }

    private static RateLimitPartition<string> Bucket(HttpContext http, string kind, int perSecond)
    {
        // Our own processes are not visitors.
        if (http.RequestServices.GetRequiredService<InternalListener>() is { Port: not null } own && own.IsInternal(http))
            return RateLimitPartition.GetNoLimiter("internal");
        return RateLimitPartition.GetTokenBucketLimiter($"{kind} {NetworkOf(http.Connection.RemoteIpAddress)}", _ => new()
        {
            TokenLimit = perSecond * 5,
            TokensPerPeriod = perSecond,
            ReplenishmentPeriod = TimeSpan.FromSeconds(1),
            QueueLimit = 0,
        });
    }

    /// <summary>The providers' webhooks; and, where the sandbox plays them, what goes the other way.</summary>
    private static bool IsOfProviders(HttpContext http) => http.Request.Path.StartsWithSegments("/webhooks") || http.Request.Path.StartsWithSegments("/sandbox");

    private static bool IsSafe(HttpContext http) =>
        HttpMethods.IsGet(http.Request.Method) || HttpMethods.IsHead(http.Request.Method) || HttpMethods.IsOptions(http.Request.Method);

    internal static string NetworkOf(IPAddress? address)
    {
        if (address is null) return "unknown";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        var bytes = address.GetAddressBytes();
        var kept = bytes.Length == 4 ? 3 : 7;
        return Convert.ToHexString(bytes, 0, kept);
    }
}
