using Microsoft.Extensions.Options;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Problems;

namespace Newsletter.Gateway.Publications;

/// <summary>
/// Tells which publication a request is for. On its own host, <c>/archive</c> becomes the services' <c>/{slug}/archive</c>;
/// on a shared host, a publication that has an origin is answered with 308 to it.
/// </summary>
internal sealed class PublicationHosts(RequestDelegate next, PublicationDirectory directory, IOptions<NewsletterOptions> newsletter)
{
    /// <summary>First segments that are the installation's, on every host; no publication may have them as its slug.</summary>
    public static IReadOnlySet<string> InstallationPaths { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase)
    {
        "api", "assets", "console", "docs", "embed", "health", "internal", "media", "metrics", "o", "openapi", "sandbox", "t", "webhooks",
    };

    public async Task InvokeAsync(HttpContext http)
    {
        try
        {
            if (await ResolveAsync(http) is { } answer)
            {
                await answer.ExecuteAsync(http);
                return;
            }
        }
        catch (HttpRequestException)
        {
            http.Response.Headers.RetryAfter = "5";
            await Problem.Of(StatusCodes.Status503ServiceUnavailable, "The publication cannot be looked up at the moment; try again.").ExecuteAsync(http);
            return;
        }
        await next(http);
    }

    /// <summary>The answer where the request ends here.</summary>
    private async Task<IResult?> ResolveAsync(HttpContext http)
    {
        var path = http.Request.Path.Value ?? "/";
        var first = FirstSegment(path);
        var own = await directory.ByHostAsync(http.Request.Host, http.RequestAborted);
        if (first == "console" && (own is not null || directory.IsForPublications(http.Request.Host)))
        {
            // Its cookie is the installation's, and no publication's host ever gets it.
            return Results.Redirect(new Uri(newsletter.Value.Url).GetLeftPart(UriPartial.Authority) + path + http.Request.QueryString, permanent: true, preserveMethod: true);
        }
        if (own is not null && !InstallationPaths.Contains(first))
        {
            http.Request.Path = path == "/" ? $"/{own.Slug}/" : $"/{own.Slug}{path}";
            http.Features.Set(own);
        }
        else if (own is null && directory.IsForPublications(http.Request.Host) && !InstallationPaths.Contains(first))
        {
            return Problem.NotFound("There is no publication at this address.");
        }
        else if (own is null && first.Length > 0 && !InstallationPaths.Contains(first)
            && await directory.BySlugAsync(first, http.RequestAborted) is { } named)
        {
            if (named.IsOrigin)
                return Results.Redirect(named.BaseUrl + path[(first.Length + 1)..] + http.Request.QueryString, permanent: true, preserveMethod: true);
            http.Features.Set(named);
        }
        else if (first == "api" && ApiSlug(path) is { } slug)
        {
            // Unknown slugs go on without: the service answers 404 in its own words.
            if (await directory.BySlugAsync(slug, http.RequestAborted) is { } called) http.Features.Set(called);
            if (own is not null && own.Slug != slug) return Problem.NotFound("That publication is not on this host.");
        }
        return null;
    }

    private static string FirstSegment(string path)
    {
        var end = path.IndexOf('/', 1);
        return path.Length < 2 ? "" : end < 0 ? path[1..] : path[1..end];
    }

    private static string? ApiSlug(string path)
    {
        const string prefix = "/api/v1/publications/";
        if (!path.StartsWith(prefix, StringComparison.OrdinalIgnoreCase)) return null;
        var rest = path.AsSpan(prefix.Length);
        var end = rest.IndexOf('/');
        var slug = (end < 0 ? rest : rest[..end]).ToString();
        return slug.Length > 0 ? slug : null;
    }
}
