using System.Net;
using System.Text.Json;
using AngleSharp.Html.Parser;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Tests.Posts;

public sealed class PreviewTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    private const string Body = "Free to read.\n\n<!--more-->\n\n## Ideas\n\nThe secret rest.";

    [Theory]
    [InlineData("as=anonymous", "upgrade", false)]
    [InlineData("level=subscribers", "upgrade", false)]
    [InlineData("as=member", "open", true)]
    public async Task A_draft_is_shown_as_each_kind_of_reader_would_see_it(string asWhom, string decision, bool whole)
    {
        var publication = await content.PublicationAsync();

        var preview = await publication.Author.PostJsonAsync($"{publication.Api}/posts/preview?{asWhom}", new { title = "Unsaved", body = Body, access = "paid" });

        var html = preview.GetProperty("html").GetString()!;
        Assert.Equal(decision, preview.GetProperty("gate").GetProperty("decision").GetString());
        Assert.Contains("Free to read.", html, StringComparison.Ordinal);
        Assert.Equal(whole, html.Contains("The secret rest.", StringComparison.Ordinal));
        Assert.Equal(!whole, html.Contains("This post is for members", StringComparison.Ordinal));
        Assert.Equal(7, preview.GetProperty("words").GetInt32());
        Assert.Empty((await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=all")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task The_preview_is_the_page_that_readers_get()
    {
        var publication = await content.PublicationAsync();
        // Of a public post the page also suggests a subscription, in a dialog that a preview has no script to open.
        var post = new { title = "Same page", slug = "same-page", body = Body, summary = "In short", access = "subscribers" };
        var preview = (await publication.Author.PostJsonAsync($"{publication.Api}/posts/preview?as=anonymous", post)).GetProperty("html").GetString()!;
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", post);
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/same-page/publish", new { mail = false });

        var page = await publication.Anonymous.GetStringAsync(new Uri($"/{publication.Slug}/posts/same-page", UriKind.Relative), TestContext.Current.CancellationToken);

        Assert.Equal(MainOf(page), MainOf(preview));

        static string MainOf(string html) => html[html.IndexOf("<main", StringComparison.Ordinal)..html.IndexOf("</main>", StringComparison.Ordinal)];
    }

    [Fact]
    public async Task A_preview_has_absolute_styles_and_nothing_that_runs()
    {
        var publication = await content.PublicationAsync();

        var preview = await publication.Author.PostJsonAsync($"{publication.Api}/posts/preview?as=member", new
        {
            title = "</title><script>alert(1)</script>",
            slug = "inert",
            summary = "<img src=x onerror=alert(2)>",
            body = "<script>alert(3)</script>\n\n[x](javascript:alert(4))\n\n<img src=x onerror=alert(5)>",
            authors = new[] { "<script>alert(6)</script>" },
            topics = new[] { "unheard-of" },
        });

        var html = preview.GetProperty("html").GetString()!;
        var elements = new HtmlParser().ParseDocument(html).All;
        Assert.DoesNotContain(elements, e => e.LocalName == "script");
        Assert.DoesNotContain(elements.SelectMany(e => e.Attributes), a => a.Name.StartsWith("on", StringComparison.Ordinal) || a.Value.StartsWith("javascript:", StringComparison.OrdinalIgnoreCase));
        Assert.Contains("<link rel=\"stylesheet\" href=\"http://localhost:8080/assets/site.css?v=", html, StringComparison.Ordinal);
        Assert.Matches(@"<style>:root \{ --accent: #[0-9a-fA-F]{6}; \}</style>", html);
        Assert.DoesNotContain("theme.css", html, StringComparison.Ordinal);
        Assert.DoesNotMatch("(href|src)=\"/", html);
        var warnings = preview.GetProperty("warnings").EnumerateArray().Select(w => w.GetString()!).ToList();
        Assert.Contains(warnings, w => w.Contains("unheard-of", StringComparison.Ordinal));
        Assert.Contains(warnings, w => w.Contains("image", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_preview_carries_what_the_mailer_takes()
    {
        var publication = await content.PublicationAsync();

        var preview = await publication.Author.PostJsonAsync($"{publication.Api}/posts/preview", new { title = "For the mailer", body = Body, access = "subscribers" });

        var post = preview.GetProperty("post").Deserialize<PostSnapshot>(Newsletter.Defaults.Http.Json.Options)!;
        Assert.Equal((publication.Id, $"http://localhost:8080/{publication.Slug}/posts/for-the-mailer"), (post.PublicationId, post.Url));
        Assert.Equal([false, true, true], post.Cuts.Select(c => c.Complete));
        Assert.Contains("The secret rest.", post.Cuts[2].Html, StringComparison.Ordinal);
        await content.Service.WithDbAsync<ContentDb, bool>(async db =>
        {
            Assert.False(await db.Posts.AnyAsync(p => p.PublicationId == publication.Id));
            return true;
        });
    }

    [Fact]
    public async Task A_preview_is_refused_like_the_post_itself()
    {
        var publication = await content.PublicationAsync();

        using var noTitle = await publication.Author.SendAsync(HttpMethod.Post, $"{publication.Api}/posts/preview", new { body = "x" });
        using var nested = await publication.Author.SendAsync(HttpMethod.Post, $"{publication.Api}/posts/preview", new { title = "Deep", body = new string('>', 5000) + " x" });
        using var nobody = await publication.Author.SendAsync(HttpMethod.Post, $"{publication.Api}/posts/preview?as=bishop", new { title = "x", body = "x" });
        using var unscoped = await content.Service.As(Role.Owner, publication.Id, null, Permission.EditionsRead).SendAsync(HttpMethod.Post, $"{publication.Api}/posts/preview", new { title = "x" });

        Assert.Equal(HttpStatusCode.BadRequest, noTitle.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, nested.StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, nobody.StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, unscoped.StatusCode);
    }
}
