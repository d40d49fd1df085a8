using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Gateway.Network;

/// <summary>What is between our own processes stays there; and nobody outside speaks in our headers.</summary>
internal sealed class InternalPaths(RequestDelegate next, InternalListener internals)
{
    private const string HeaderPrefix = "X-Newsletter-";

    public Task InvokeAsync(HttpContext http)
    {
        if (!internals.IsInternal(http))
        {
            if (http.Request.Path.StartsWithSegments("/internal")) return Problem.NotFound().ExecuteAsync(http);
            foreach (var name in http.Request.Headers.Keys.Where(k => k.StartsWith(HeaderPrefix, StringComparison.OrdinalIgnoreCase)).ToList())
                http.Request.Headers.Remove(name);
        }
        return next(http);
    }
}
