using Microsoft.Net.Http.Headers;
using Newsletter.Defaults.Identity;
using Scalar.AspNetCore;

namespace Newsletter.Gateway.Docs;

/// <summary>The API's documentation: one page over one document for all services.</summary>
internal static class DocsEndpoints
{
    // The reference page brings its script along, and starts it inline.
    private const string Policy = "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:";

    public static void MapDocs(this WebApplication app) =>
        app.MapScalarApiReference("/docs", options => options
                .WithTitle("Newsletter API")
                .WithOpenApiRoutePattern("/openapi/v1.json")
                .DisableDefaultFonts())
            .ForAnyone()
            .AddEndpointFilter((context, next) =>
            {
                context.HttpContext.Response.Headers[HeaderNames.ContentSecurityPolicy] = Policy;
                return next(context);
            });
}
