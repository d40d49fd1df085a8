using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Editions;

/// <summary>
/// A mailing in the browser, as anyone may see it now. What a stranger may read of a post changes after it was mailed (with its access, its age, the
/// publication's settings), and content alone decides it: so a post's letter is the post's page, and a roundup shows the heads of its posts, which are
/// everybody's as long as they are published; to who comes from their own letter, of those posts that it showed. It is in a sandbox because it is mail and not a page of ours.
/// </summary>
internal static class WebView
{
    private static readonly Cut HeadOnly = new() { Level = Access.Public, Html = "", Text = "" };

    public static void MapWebView(this RouteGroupBuilder pages) => pages.MapGet("/editions/{id:guid}", ShowAsync).ForAnyone();

    private static async Task<Results<ContentHttpResult, RedirectHttpResult, ProblemHttpResult>> ShowAsync(
        Guid id, string? r, HttpContext http, CurrentPublication publication, MailerDb db, SecretKeys keys, CancellationToken cancellation)
    {
        var edition = await db.Editions.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id && e.PublicationId == publication.Id, cancellation);
        if (edition is null) return Problem.NotFound("There is no such mailing.");
        var posts = await VariantBooks.PostsAsync(db, edition.PostIds, cancellation);
        if (posts.Count == 0) return Problem.Gone("It was taken back.");
        http.Response.Headers.CacheControl = "public, max-age=0, s-maxage=30";
        http.Response.Headers["X-Robots-Tag"] = "noindex";
        if (edition.Kind == EditionKind.Post) return TypedResults.Redirect(posts[0].Url);
        http.Response.Headers.ContentSecurityPolicy = "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; img-src https: data:; style-src 'unsafe-inline'";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        var mailed = await MailedAsync(db, edition, r, keys, cancellation);
        var letter = Roundup(publication.Snapshot, edition, [.. posts.Where(p => mailed?.Contains(p.Id) != false)]);
        var html = Placeholder.Fill(letter.List!.HtmlIn(letter.Html, null), new Dictionary<string, string> { [Placeholder.Unsubscribe] = "", [Placeholder.Reader] = mailed is null ? "" : r! });
        return TypedResults.Content(html, "text/html; charset=utf-8");
    }

    /// <summary>The posts in the letter of the reader with this code; null for nobody, and where it is no longer kept who got what.</summary>
    private static async Task<HashSet<Guid>?> MailedAsync(MailerDb db, Edition edition, string? code, SecretKeys keys, CancellationToken cancellation)
    {
        if (new TrackingCodes(await keys.GetAsync(SecretKeys.Tracking, cancellation)).ReadReader(edition.Id, code) is not { } reader) return null;
        var letter = await db.Deliveries.AsNoTracking().Where(d => d.EditionId == edition.Id && d.SubscriberId == reader)
            .Join(db.Batches, d => d.BatchId, b => b.Id, (d, b) => new { d.Choice, b.VariantId })
            .Join(db.Variants, d => d.VariantId, v => v.Id, (d, v) => new { d.Choice, v.List }).FirstOrDefaultAsync(cancellation);
        return letter?.List?.ShownTo(BlockSet.Of(letter.Choice)).Select(s => s.Block.PostId).ToHashSet();
    }

    /// <summary>Its links are not counted: nobody was mailed them.</summary>
    private static Letter Roundup(PublicationSnapshot publication, Edition edition, List<PostSnapshot> posts)
    {
        var newsletter = publication.Newsletters.First(n => n.Id == edition.NewsletterId);
        var frame = new LetterFrame(publication, newsletter, edition.Id, Track: address => address, OpenPixel: null);
        return LetterRenderer.Roundup(
            frame, edition.Subject, publication.Tagline, [.. posts.SelectMany(post => LetterRenderer.RoundupBlocks(frame, post, HeadOnly))], edition.SlotAt!.Value);
    }
}
