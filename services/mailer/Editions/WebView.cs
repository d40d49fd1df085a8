using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Editions;

/// <summary>A mailing in the browser: the public cut, as anyone may see it, in a sandbox because it is mail and not a page of ours.</summary>
internal static class WebView
{
    public static void MapWebView(this RouteGroupBuilder pages) => pages.MapGet("/editions/{id:guid}", ShowAsync).ForAnyone();

    private static async Task<Results<ContentHttpResult, ProblemHttpResult>> ShowAsync(
        Guid id, HttpContext http, CurrentPublication publication, MailerDb db, CancellationToken cancellation)
    {
        var letter = await db.Variants.AsNoTracking().Where(v => v.EditionId == id && v.PublicationId == publication.Id && v.IsPublic).SingleOrDefaultAsync(cancellation);
        if (letter is null || letter.Blocks.Count == 0) return Problem.NotFound("There is no such mailing.");
        var posts = letter.Blocks.Select(b => b.PostId).ToList();
        if (!await db.Posts.AnyAsync(p => posts.Contains(p.Id) && p.Published, cancellation)) return Problem.Gone("It was taken back.");
        http.Response.Headers.ContentSecurityPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src https: data:; style-src 'unsafe-inline'";
        http.Response.Headers.CacheControl = "public, max-age=0, s-maxage=30";
        http.Response.Headers["X-Robots-Tag"] = "noindex";
        var html = Placeholder.Fill(letter.Html, new Dictionary<string, string> { [Placeholder.Reader] = TrackingCodes.Nobody, [Placeholder.Unsubscribe] = "" });
        return TypedResults.Content(html, "text/html; charset=utf-8");
    }
}
