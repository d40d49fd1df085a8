using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;

namespace Newsletter.Defaults.Problems;

/// <summary>Problems as a page, for browsers; in the publication's own dress where the route names one. API callers get problem details.</summary>
internal sealed class ProblemPages : IProblemDetailsWriter
{
    private static readonly string[] ForPrograms = ["/api", "/internal", "/webhooks", "/health", "/metrics", "/openapi"];

    public bool CanWrite(ProblemDetailsContext context) => WantsPage(context.HttpContext.Request);

    public async ValueTask WriteAsync(ProblemDetailsContext context)
    {
        var problem = context.ProblemDetails;
        await Page(context.HttpContext, problem.Status ?? context.HttpContext.Response.StatusCode, problem.Title, problem.Detail).ExecuteAsync(context.HttpContext);
    }

    public static bool WantsPage(HttpRequest request) =>
        !Array.Exists(ForPrograms, path => request.Path.StartsWithSegments(path))
        && request.GetTypedHeaders().Accept.Any(type => type.MediaType == "text/html" && type.Quality is not 0);

    public static RazorComponentResult<ProblemPage> Page(HttpContext http, int status, string? title, string? detail)
    {
        http.Response.Headers[HeaderNames.CacheControl] = "no-store";
        return new(new Dictionary<string, object?>
        {
            [nameof(ProblemPage.Site)] = SiteOf(http.Features.Get<CurrentPublication>()),
            [nameof(ProblemPage.Status)] = status,
            [nameof(ProblemPage.Title)] = TitleOf(status, title),
            [nameof(ProblemPage.Detail)] = detail,
            [nameof(ProblemPage.Reference)] = status >= 500 ? System.Diagnostics.Activity.Current?.TraceId.ToString() : null,
        })
        { StatusCode = status };
    }

    private static SiteInfo? SiteOf(CurrentPublication? publication) => publication?.Snapshot is not { } p ? null
        : new(p.Name, p.Tagline, p.BaseUrl, p.Language, p.AccentColour, p.PostalAddress, HasPlans: false);

    private static string TitleOf(int status, string? title) => status switch
    {
        StatusCodes.Status404NotFound => "There is nothing here",
        StatusCodes.Status429TooManyRequests => "A little slower, please",
        StatusCodes.Status503ServiceUnavailable => "Back in a moment",
        >= 500 => "Something went wrong",
        _ => title ?? (ReasonPhrases.GetReasonPhrase(status) is { Length: > 0 } reason ? reason : "That did not work"),
    };
}
