using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Gates;
using Newsletter.Content.Pages;
using Newsletter.Content.Posts;
using Newsletter.Content.Publications;
using Newsletter.Content.Readers;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Content.Feeds;

internal static class FeedEndpoints
{
    private const int MostInFeed = 20;
    private const int MostInSitemap = 50_000;

    public static void MapFeeds(this WebApplication app)
    {
        var site = app.MapPublication<ContentDb>("/{p}").ExcludeFromDescription();
        site.MapRead("/feed.xml", RssAsync).ForAnyone();
        site.MapRead("/feed.json", JsonAsync).ForAnyone();
        site.MapRead("/feeds/{token}.xml", OwnAsync).ForAnyone();
        site.MapRead("/sitemap.xml", SitemapAsync).ForAnyone();
        site.MapRead("/robots.txt", Robots).ForAnyone();
        // The pages by which readers leave a suspended publication wear it, too.
        site.MapRead("/theme.css", Theme).ForAnyone().OpenWhileSuspended();
        app.MapPublication<ContentDb>("/api/v1/publications/{p}").MapPost("/feeds", CreateOwnAsync).ForReaders().ShownOnce().WithTags("Feeds");
    }

    private static async Task<IResult> RssAsync(PageContext page, FeedCache feeds, CancellationToken cancellation)
    {
        var feed = await feeds.GetAsync(page, "rss", async () => Rss.Of(page.Publication, await FreeAsync(page, cancellation), page.Publication.BaseUrl + "/feed.xml"));
        return feed.ToResult(page.Http, isPersonal: false, "application/rss+xml; charset=utf-8");
    }

    private static async Task<IResult> JsonAsync(PageContext page, FeedCache feeds, CancellationToken cancellation)
    {
        var feed = await feeds.GetAsync(page, "json", async () => JsonFeed.Of(page.Publication, await FreeAsync(page, cancellation)));
        return feed.ToResult(page.Http, isPersonal: false, "application/feed+json; charset=utf-8");
    }

    /// <summary>A member's own feed: what this reader may read, in any reader program. The address is a capability.</summary>
    private static async Task<IResult> OwnAsync(string token, PageContext page, FeedTokens tokens, TimeProvider time, CancellationToken cancellation)
    {
        page.Http.Response.Headers["Referrer-Policy"] = "no-referrer";
        if (tokens.Open(token, page.Publication.Snapshot.Id) is not var (subscriber, signOuts)) return Problem.NotFound("There is no such feed.");
        if (await SignOutsAsync(page.Db, subscriber, cancellation) != signOuts) return Problem.NotFound("There is no such feed.");
        var now = time.GetUtcNow();
        var caller = new Caller(Role.Reader, subscriber, page.Publication.Snapshot.Id, Guid.Empty, []);
        var reader = await ReaderLookup.FindAsync(page.Db, caller, page.Publication.Snapshot.Id, now, cancellation);
        if (!reader.IsConfirmed && reader.Tiers is null) return Problem.NotFound("There is no such feed.");
        var posts = await NewestAsync(page, cancellation);
        // The meter is for pages: a feed program fetches everything at once.
        var settings = page.Publication.Gate with { MeterPerMonth = null };
        var items = posts.Select(p => new FeedItem(p, Gate.Decide(GateKeeper.FactsOf(p), reader, settings, now).IsOpen)).ToList();
        return CachedPage.Of(Rss.Of(page.Publication, items, null)).ToResult(page.Http, isPersonal: true, "application/rss+xml; charset=utf-8");
    }

    private static async Task<Ok<OwnFeed>> CreateOwnAsync(KnownPublication publication, Caller caller, ContentDb db, FeedTokens tokens, CancellationToken cancellation)
    {
        var signOuts = await SignOutsAsync(db, caller.Subject, cancellation);
        return TypedResults.Ok(new OwnFeed($"{publication.BaseUrl}/feeds/{tokens.TokenOf(caller.Subject, signOuts, publication.Snapshot.Id)}.xml"));
    }

    private static Task<int> SignOutsAsync(ContentDb db, Guid subscriber, CancellationToken cancellation) =>
        db.Readers.Where(r => r.Id == subscriber).Select(r => r.SignOuts).FirstOrDefaultAsync(cancellation);

    private static async Task<IResult> SitemapAsync(PageContext page, FeedCache feeds, CancellationToken cancellation)
    {
        var sitemap = await feeds.GetAsync(page, "sitemap", async () =>
        {
            var posts = await page.Db.PublishedOf(page.Publication.Snapshot.Id).OrderByDescending(p => p.PublishedAt)
                .Select(p => new { p.Slug, p.UpdatedAt }).Take(MostInSitemap - 2).ToListAsync(cancellation);
            var xml = new StringBuilder("<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">");
            foreach (var path in (ReadOnlySpan<string>)["/", "/archive"]) xml.Append(CultureInfo.InvariantCulture, $"<url><loc>{Xml(page.Publication.BaseUrl + path)}</loc></url>");
            foreach (var post in posts)
                xml.Append(CultureInfo.InvariantCulture, $"\n<url><loc>{Xml(Post.UrlOf(page.Publication.BaseUrl, post.Slug))}</loc><lastmod>{post.UpdatedAt.UtcDateTime:yyyy-MM-ddTHH:mm:ssZ}</lastmod></url>");
            return Encoding.UTF8.GetBytes(xml.Append("\n</urlset>\n").ToString());
        });
        return sitemap.ToResult(page.Http, isPersonal: false, "application/xml; charset=utf-8");
    }

    private static FileContentHttpResult Robots(PageContext page) => Cached(page,
        $"User-agent: *\nDisallow: {new Uri(page.Publication.BaseUrl).AbsolutePath.TrimEnd('/')}/search\nSitemap: {page.Publication.BaseUrl}/sitemap.xml\n", "text/plain; charset=utf-8");

    private static FileContentHttpResult Theme(PageContext page) => Cached(page, $":root {{ --accent: {page.Publication.Snapshot.AccentColour}; }}\n", "text/css; charset=utf-8");

    private static FileContentHttpResult Cached(PageContext page, string text, string contentType)
    {
        page.Http.Response.Headers.CacheControl = "public, max-age=300";
        var body = CachedPage.Of(Encoding.UTF8.GetBytes(text));
        return TypedResults.Bytes(body.Bytes, contentType, entityTag: body.ETag);
    }

    /// <summary>What everybody may see of the newest posts.</summary>
    private static async Task<IReadOnlyList<FeedItem>> FreeAsync(PageContext page, CancellationToken cancellation)
    {
        var now = page.Http.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var settings = page.Publication.Gate with { MeterPerMonth = null };
        return [.. (await NewestAsync(page, cancellation)).Select(p => new FeedItem(p, Gate.Decide(GateKeeper.FactsOf(p), ReaderFacts.Anonymous, settings, now).IsOpen))];
    }

    private static Task<List<Post>> NewestAsync(PageContext page, CancellationToken cancellation) =>
        page.Db.PublishedOf(page.Publication.Snapshot.Id).AsNoTracking().After(null).Take(MostInFeed).ToListAsync(cancellation);

    private static string Xml(string text) => System.Security.SecurityElement.Escape(text);
}

internal sealed record OwnFeed(string Url);

/// <param name="IsWhole">Else the teaser alone.</param>
internal sealed record FeedItem(Post Post, bool IsWhole)
{
    public string Html => IsWhole ? Post.Rendering.Whole.Html + Entries() : Post.Rendering.Teaser.Html;

    private string Entries() => string.Concat(Post.Rendering.Entries.Select(e =>
        $"<h3><a href=\"{System.Net.WebUtility.HtmlEncode(e.Url)}\">{System.Net.WebUtility.HtmlEncode(e.Name)}</a></h3>{e.Html}"));
}
