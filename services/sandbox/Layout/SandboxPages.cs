using System.Security.Cryptography;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Layout;

internal static class SandboxPages
{
    private static readonly byte[] Stylesheet = Load();
    private static readonly string Version = Convert.ToHexStringLower(SHA256.HashData(Stylesheet))[..12];

    public static string StylesheetUrl => $"/sandbox/assets/sandbox.css?v={Version}";

    public static void MapAssets(this IEndpointRouteBuilder app) => app.MapGet("/sandbox/assets/sandbox.css", (HttpResponse response) =>
    {
        response.Headers.CacheControl = "public, max-age=31536000, immutable";
        return TypedResults.Bytes(Stylesheet, "text/css; charset=utf-8", entityTag: new EntityTagHeaderValue($"\"{Version}\""));
    }).ExcludeFromDescription();

    public static RazorComponentResult Show<TPage>(Dictionary<string, object?> parameters, int status = StatusCodes.Status200OK)
        where TPage : IComponent => new(typeof(TPage), parameters) { StatusCode = status, PreventStreamingRendering = true };

    /// <summary>Pages run no script. A form may lead anywhere: after the payment the browser goes back to the publication's origin.</summary>
    public static async ValueTask<object?> Guard(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var headers = context.HttpContext.Response.Headers;
        headers.ContentSecurityPolicy = "default-src 'none'; style-src 'self'; img-src 'self' data:; frame-src 'self'; base-uri 'none'; frame-ancestors 'none'";
        headers["Referrer-Policy"] = "no-referrer";
        headers.XContentTypeOptions = "nosniff";
        try
        {
            return await next(context);
        }
        catch (StripeFault fault)
        {
            return TypedResults.Problem(fault.Message, statusCode: fault.Status);
        }
    }

    private static byte[] Load()
    {
        using var resource = typeof(SandboxPages).Assembly.GetManifestResourceStream("sandbox.css")!;
        using var memory = new MemoryStream();
        resource.CopyTo(memory);
        return memory.ToArray();
    }
}
