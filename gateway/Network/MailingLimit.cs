using System.Globalization;
using System.Threading.RateLimiting;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Problems;
using Newsletter.Gateway.Tokens;

namespace Newsletter.Gateway.Network;

/// <summary>
/// What one network may have us mail to addresses that it names. Subscriber limits what comes to one address; without this,
/// twenty sign-ups a second would mail 72,000 addresses an hour.
/// </summary>
internal static class MailingLimit
{
    /// <summary>As they are once hosts are publications; null stands for any one segment.</summary>
    private static readonly string?[][] Paths =
    [
        [null, "subscribe"],
        [null, "sign-in"],
        [null, "account", "address"],
        ["api", "v1", "account", "sign-in"],
        ["api", "v1", "publications", null, "subscriptions"],
    ];

    /// <summary>After publications and credentials are known.</summary>
    public static void UseMailingLimit(this WebApplication app)
    {
        var perMinute = app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value.MailingRequestsPerMinute;
        app.UseRateLimiter(new RateLimiterOptions
        {
            GlobalLimiter = PartitionedRateLimiter.Create<HttpContext, string>(http => CausesMail(http.Request) && http.Features.Get<StaffKey>() is null
                ? Bucket(http, perMinute)
                : RateLimitPartition.GetNoLimiter("no mail")),
            OnRejected = async (context, _) =>
            {
                var wait = context.Lease.TryGetMetadata(MetadataName.RetryAfter, out var told) ? told : TimeSpan.FromMinutes(1);
                context.HttpContext.Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
                await Problem.TooManyRequests("Your network has asked for many mails within a minute; try again in a moment.").ExecuteAsync(context.HttpContext);
            },
        });
    }

    private static RateLimitPartition<string> Bucket(HttpContext http, int perMinute) =>
        RateLimitPartition.GetTokenBucketLimiter(NetworkLimits.NetworkOf(http.Connection.RemoteIpAddress), _ => new()
        {
            TokenLimit = perMinute,
            // Not more often than once a second: the bucket keeps a timer of that period.
            TokensPerPeriod = Math.Max(1, perMinute / 60),
            ReplenishmentPeriod = TimeSpan.FromSeconds(Math.Max(1, 60.0 / perMinute)),
            QueueLimit = 0,
        });

    /// <summary>Like routing, it does not mind case or a slash at the end.</summary>
    private static bool CausesMail(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method)) return false;
        var segments = (request.Path.Value ?? "").Split('/', StringSplitOptions.RemoveEmptyEntries);
        return Array.Exists(Paths, path => path.Length == segments.Length
            && path.Zip(segments).All(part => part.First is null || string.Equals(part.First, part.Second, StringComparison.OrdinalIgnoreCase)));
    }
}
