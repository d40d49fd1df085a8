using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;
using Newsletter.Defaults.Hosting;

namespace Newsletter.Gateway.Network;

/// <summary>Headers for every answer. A service that sets a content policy itself (a mailing in its sandbox, the docs) is not overruled.</summary>
internal static class SecurityHeaders
{
    // Not web-share, which the share button is for.
    private static readonly string[] Unused =
    [
        "accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope", "magnetometer", "microphone", "midi",
        "payment", "publickey-credentials-get", "screen-wake-lock", "sync-xhr", "usb", "xr-spatial-tracking",
    ];

    private static readonly HeaderPolicyCollection Policy = new HeaderPolicyCollection()
        .AddContentTypeOptionsNoSniff()
        .AddStrictTransportSecurityMaxAge()
        .AddCrossOriginOpenerPolicy(policy => policy.SameOrigin())
        .AddCustomHeader("Permissions-Policy", string.Join(", ", Unused.Select(feature => $"{feature}=()")))
        .RemoveServerHeader();

    public static void UseHouseHeaders(this WebApplication app)
    {
        app.UseSecurityHeaders(Policy);
        // Checkout is a form that ends at the payment provider, or at the sandbox on the installation's own address.
        var installation = new Uri(app.Services.GetRequiredService<IOptions<NewsletterOptions>>().Value.Url).GetLeftPart(UriPartial.Authority);
        var pages = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: https:; object-src 'none'; base-uri 'none'; "
            + $"frame-ancestors 'self'; form-action 'self' https: {installation}";
        app.Use((http, next) =>
        {
            http.Response.OnStarting(() =>
            {
                var headers = http.Response.Headers;
                headers.TryAdd(HeaderNames.ContentSecurityPolicy, pages);
                headers.TryAdd("Referrer-Policy", "strict-origin-when-cross-origin");
                return Task.CompletedTask;
            });
            return next();
        });
    }
}
