using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;

namespace Newsletter.Content.Tests.Pages;

public sealed class PostgresPageTests(ContentFixture content) : PageTests(content), IClassFixture<ContentFixture>;

public sealed class SqlitePageTests(SqliteContentFixture content) : PageTests(content), IClassFixture<SqliteContentFixture>;

/// <summary>What readers see, on both databases.</summary>
public abstract class PageTests(ContentFixture content)
{
    [Fact]
    public async Task The_front_page_shows_the_newest_first_and_may_be_kept_by_shared_caches()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "older", publishedAt: "2026-01-01T00:00:00Z");
        await PublishAsync(publication, "newer", publishedAt: "2026-02-01T00:00:00Z");
        using var page = await GetAsync(publication.Anonymous, $"/{publication.Slug}/");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.StartsWith("<!doctype html>", html.TrimStart(), StringComparison.OrdinalIgnoreCase);
        Assert.True(html.IndexOf("/posts/newer", StringComparison.Ordinal) < html.IndexOf("/posts/older", StringComparison.Ordinal));
        Assert.Equal("public, max-age=0, s-maxage=30", page.Headers.CacheControl!.ToString().Replace("s-maxage=30, max-age=0", "max-age=0, s-maxage=30", StringComparison.Ordinal));
        Assert.DoesNotMatch("(?i)\\son\\w+=|style=|<script(?! type=\"(module|application/ld))", html);
        using var again = await GetAsync(publication.Anonymous, $"/{publication.Slug}/", page.Headers.ETag);
        Assert.Equal(HttpStatusCode.NotModified, again.StatusCode);
        await PublishAsync(publication, "newest", publishedAt: "2026-03-01T00:00:00Z");
        Assert.Contains("/posts/newest", await TextAsync(publication.Anonymous, $"/{publication.Slug}/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_members_page_is_kept_by_no_shared_cache()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "one", "subscribers");
        var reader = await SubscriberAsync(publication);
        foreach (var path in new[] { "/", "/archive", "/posts/one", "/search?q=one" })
        {
            using var page = await GetAsync(publication.Reader(reader), $"/{publication.Slug}{path}");
            Assert.Equal("no-store, private", string.Join(", ", page.Headers.CacheControl!.ToString().Split(", ").Order()));
            Assert.Contains("Cookie", page.Headers.Vary);
            Assert.Null(page.Headers.ETag);
        }
        Assert.Contains("The secret rest", await TextAsync(publication.Reader(reader), $"/{publication.Slug}/posts/one"), StringComparison.Ordinal);
        var stranger = await TextAsync(publication.Anonymous, $"/{publication.Slug}/posts/one");
        Assert.DoesNotContain("The secret rest", stranger, StringComparison.Ordinal);
        Assert.Contains("Subscribe to keep reading", stranger, StringComparison.Ordinal);
        Assert.Contains($"/{publication.Slug}/sign-in?return=%2Fposts%2Fone", stranger, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gated_post_tells_search_engines_that_it_is()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "one", "paid");
        var html = await TextAsync(publication.Anonymous, $"/{publication.Slug}/posts/one");
        var data = JsonElement.Parse(Regex.Match(html, "<script type=\"application/ld\\+json\">(.*?)</script>", RegexOptions.Singleline).Groups[1].Value);
        Assert.False(data.GetProperty("isAccessibleForFree").GetBoolean());
        Assert.Equal(".gate", data.GetProperty("hasPart").GetProperty("cssSelector").GetString());
        Assert.Contains("class=\"gate\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_public_post_nudges_strangers_only_and_names_are_encoded()
    {
        var publication = await content.PublicationAsync();
        const string Evil = "</script><script>alert(1)</script>";
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new
        {
            title = Evil,
            slug = "evil",
            kind = "digest",
            body = $"x {Evil}\n\n## Part",
            summary = Evil,
            authors = new[] { Evil },
            entries = new[] { new { name = Evil, title = Evil, authors = new[] { Evil }, section = "Part", summary = Evil } },
        });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/evil/publish", new { mail = false });
        var html = await TextAsync(publication.Anonymous, $"/{publication.Slug}/posts/evil");
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.Contains("data-nudge", html, StringComparison.Ordinal);
        Assert.DoesNotContain("data-nudge", await TextAsync(publication.Reader(await SubscriberAsync(publication)), $"/{publication.Slug}/posts/evil"), StringComparison.Ordinal);
        foreach (var path in new[] { "/", "/archive", "/search?q=script", "/feed.xml", "/feed.json" })
            Assert.DoesNotContain("<script>alert", await TextAsync(publication.Anonymous, $"/{publication.Slug}{path}"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Search_finds_posts_and_entries_by_name_author_and_topic_and_tells_nothing_gated()
    {
        var publication = await content.PublicationAsync();
        await publication.Owner.PatchJsonAsync(publication.Api, new { topics = new[] { new { slug = "vision", name = "Computer vision" } } });
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new
        {
            title = "The digest",
            slug = "d",
            kind = "digest",
            access = "paid",
            body = "Teaser words.\n\n<!--more-->\n\nHidden words.",
            entries = new[] { new { name = "NBS-RASN", title = "Scores", authors = new[] { "Nicolás Popescu" }, topics = new[] { "vision" }, summary = "Undisclosed." } },
        });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/d/publish", new { mail = false });
        foreach (var found in new[] { "nbs-rasn", "NBS", "nicolas", "Popescu nbs", "computer vis", "teaser", "digest" })
            Assert.Contains($"/{publication.Slug}/posts/d", await TextAsync(publication.Anonymous, $"/{publication.Slug}/search?q={Uri.EscapeDataString(found)}"), StringComparison.Ordinal);
        foreach (var hidden in new[] { "hidden", "undisclosed", "asn", "' OR 1=1 --", "%", "& | ! :*", "\\" })
            Assert.DoesNotContain($"/{publication.Slug}/posts/d", await TextAsync(publication.Anonymous, $"/{publication.Slug}/search?q={Uri.EscapeDataString(hidden)}"), StringComparison.Ordinal);
        Assert.Contains("<mark>NBS</mark>", await TextAsync(publication.Anonymous, $"/{publication.Slug}/search?q=nbs"), StringComparison.Ordinal);
        Assert.Contains("/posts/d", await TextAsync(publication.Anonymous, $"/{publication.Slug}/topics/vision"), StringComparison.Ordinal);
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/d/unpublish", new { });
        Assert.DoesNotContain("/posts/d", await TextAsync(publication.Anonymous, $"/{publication.Slug}/search?q=nbs"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_archive_pages_both_ways()
    {
        var publication = await content.PublicationAsync();
        for (var i = 1; i <= 25; i++) await PublishAsync(publication, $"post-{i:00}", publishedAt: $"2026-01-{i:00}T00:00:00Z");
        var first = await TextAsync(publication.Anonymous, $"/{publication.Slug}/archive");
        Assert.Contains("25 posts since January 2026", first, StringComparison.Ordinal);
        Assert.Contains("/posts/post-06", first, StringComparison.Ordinal);
        Assert.DoesNotContain("/posts/post-05", first, StringComparison.Ordinal);
        var older = await TextAsync(publication.Anonymous, Link(first, "next"));
        Assert.Contains("/posts/post-05", older, StringComparison.Ordinal);
        Assert.DoesNotContain("/posts/post-06", older, StringComparison.Ordinal);
        Assert.DoesNotContain("rel=\"next\"", older, StringComparison.Ordinal);
        var newer = await TextAsync(publication.Anonymous, Link(older, "prev"));
        Assert.Contains("/posts/post-25", newer, StringComparison.Ordinal);
        Assert.DoesNotContain("rel=\"prev\"", newer, StringComparison.Ordinal);

        static string Link(string html, string rel) =>
            WebUtility.HtmlDecode(Regex.Match(html, $"rel=\"{rel}\" href=\"http://localhost:8080([^\"]+)\"").Groups[1].Value);
    }

    [Fact]
    public async Task Feeds_carry_what_is_free_and_a_members_own_carries_more()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "free");
        await PublishAsync(publication, "gated", "subscribers");
        using var rss = await GetAsync(publication.Anonymous, $"/{publication.Slug}/feed.xml");
        var xml = XDocument.Parse(await rss.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal(2, xml.Descendants("item").Count());
        Assert.Single(Regex.Matches(xml.ToString(), "The secret rest"));
        using var unchanged = await GetAsync(publication.Anonymous, $"/{publication.Slug}/feed.xml", rss.Headers.ETag);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
        var json = await publication.Anonymous.GetJsonAsync($"/{publication.Slug}/feed.json");
        Assert.Equal("https://jsonfeed.org/version/1.1", json.GetProperty("version").GetString());
        Assert.Equal(2, json.GetProperty("items").GetArrayLength());

        var reader = await SubscriberAsync(publication);
        var own = await publication.Reader(reader).PostJsonAsync($"{publication.Api}/feeds", new { });
        var path = new Uri(own.GetProperty("url").GetString()!).AbsolutePath;
        Assert.Equal(2, Regex.Count(await TextAsync(publication.Anonymous, path), "The secret rest"));
        using var forged = await GetAsync(publication.Anonymous, path.Replace(".xml", "x.xml", StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, forged.StatusCode);
        var other = await content.PublicationAsync();
        using var foreign = await GetAsync(publication.Anonymous, path.Replace(publication.Slug, other.Slug, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NotFound, foreign.StatusCode);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_the_address_of_a_members_own_feed_and_a_new_one_works()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "gated", "subscribers");
        var reader = await SubscriberAsync(publication);
        var old = await OwnAsync();

        await content.Service.PublishAsync(new SubscribersChanged(
            publication.Id, [new() { Id = reader, PublicationId = publication.Id, Version = 2, ConfirmedAt = DateTimeOffset.UtcNow, SignOuts = 1 }]));

        using var ended = await GetAsync(publication.Anonymous, old);
        Assert.Equal(HttpStatusCode.NotFound, ended.StatusCode);
        Assert.Contains("The secret rest", await TextAsync(publication.Anonymous, await OwnAsync()), StringComparison.Ordinal);

        Assert.False(await content.Service.IsKeptAsync<ContentDb>(old[(old.LastIndexOf('/') + 1)..]));

        async Task<string> OwnAsync()
        {
            var client = publication.Reader(reader);
            client.DefaultRequestHeaders.Add("Idempotency-Key", Guid.NewGuid().ToString());
            var own = await client.PostJsonAsync($"{publication.Api}/feeds", new { });
            return new Uri(own.GetProperty("url").GetString()!).AbsolutePath;
        }
    }

    [Fact]
    public async Task The_sitemap_robots_and_theme_are_the_publications_own()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "one");
        await publication.Owner.PatchJsonAsync(publication.Api, new { accentColor = "#0f5e63" });
        Assert.Contains($"http://localhost:8080/{publication.Slug}/posts/one", await TextAsync(publication.Anonymous, $"/{publication.Slug}/sitemap.xml"), StringComparison.Ordinal);
        Assert.Contains($"/{publication.Slug}/sitemap.xml", await TextAsync(publication.Anonymous, $"/{publication.Slug}/robots.txt"), StringComparison.Ordinal);
        Assert.Equal(":root { --accent: #0f5e63; }\n", await TextAsync(publication.Anonymous, $"/{publication.Slug}/theme.css"));
    }

    [Fact]
    public async Task What_is_missing_is_said_in_the_publications_look_to_browsers_and_as_a_problem_to_others()
    {
        var publication = await content.PublicationAsync();
        using var browser = content.Service.Anonymous();
        browser.DefaultRequestHeaders.Accept.ParseAdd("text/html");
        foreach (var path in new[] { "/posts/no-such", "/topics/no-such", "/no/such/page" })
        {
            using var page = await GetAsync(browser, $"/{publication.Slug}{path}");
            Assert.Equal(HttpStatusCode.NotFound, page.StatusCode);
            Assert.Contains("The Test", await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            using var problem = await GetAsync(publication.Anonymous, $"/{publication.Slug}{path}");
            await problem.ProblemAsync();
        }
    }

    [Fact]
    public async Task Link_checkers_may_ask_for_the_head_alone()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "one");
        foreach (var path in new[] { "/", "/posts/one", "/feed.xml" })
        {
            using var head = await publication.Anonymous.SendAsync(HttpMethod.Head, $"/{publication.Slug}{path}");
            Assert.Equal(HttpStatusCode.OK, head.StatusCode);
            Assert.NotNull(head.Headers.ETag);
        }
    }

    [Fact]
    public async Task A_card_says_that_its_post_has_passed_into_the_archive()
    {
        var publication = await content.PublicationAsync(new { archiveAfterDays = 30, archiveAccess = "paid" });
        await PublishAsync(publication, "old", publishedAt: "2024-01-01T00:00:00Z");
        Assert.Contains("badge--lock\">Members", await TextAsync(publication.Anonymous, $"/{publication.Slug}/"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_suspended_publication_shows_a_page_that_says_so_and_nothing_else()
    {
        var publication = await content.PublicationAsync();
        await PublishAsync(publication, "one");
        await content.Service.As(Newsletter.Defaults.Identity.Role.Operator, publication.Id).PatchJsonAsync(publication.Api, new { suspended = true });
        using var page = await GetAsync(publication.Anonymous, $"/{publication.Slug}/posts/one");
        var html = await page.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Forbidden, page.StatusCode);
        Assert.Contains("This publication is closed", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Free to read", html, StringComparison.Ordinal);
    }

    private static async Task PublishAsync(TestPublication publication, string slug, string access = "public", string? publishedAt = null)
    {
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = slug, slug, access, body = "Free to read.\n\n<!--more-->\n\nThe secret rest." });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/{slug}/publish", new { mail = false, publishedAt });
    }

    private async Task<Guid> SubscriberAsync(TestPublication publication)
    {
        var id = Guid.CreateVersion7();
        await content.Service.PublishAsync(new SubscribersChanged(publication.Id, [new() { Id = id, PublicationId = publication.Id, Version = 1, ConfirmedAt = DateTimeOffset.UtcNow }]));
        return id;
    }

    private static async Task<HttpResponseMessage> GetAsync(HttpClient client, string path, EntityTagHeaderValue? known = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
        if (known is not null) request.Headers.IfNoneMatch.Add(known);
        return await client.SendAsync(request);
    }

    private static async Task<string> TextAsync(HttpClient client, string path)
    {
        using var answer = await GetAsync(client, path);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }
}
