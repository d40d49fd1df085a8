using System.Net;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Content.Publications;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Tests.Publications;

public sealed class PublicationTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    [Fact]
    public async Task A_new_publication_has_one_newsletter_of_each_kind_and_is_told_to_all()
    {
        var publication = await content.PublicationAsync();
        var told = await content.Service.SentAsync<PublicationChanged>(e => e.Publication.Id == publication.Id);
        Assert.Equal([NewsletterKind.Posts, NewsletterKind.Roundup], told.Publication.Newsletters.Select(n => n.Kind));
        Assert.Equal($"http://localhost:8080/{publication.Slug}", told.Publication.BaseUrl);
        Assert.NotNull(told.Publication.CreatedBy);
    }

    [Fact]
    public async Task A_change_raises_the_version_and_shows_at_once()
    {
        var publication = await content.PublicationAsync();
        var first = await content.Service.SentAsync<PublicationChanged>(e => e.Publication.Id == publication.Id);
        await publication.Owner.PatchJsonAsync(publication.Api, new { tagline = "Told clearly.", accentColor = "#0F5E63", topics = new[] { new { slug = "vision", name = "Vision" } } });
        var second = await content.Service.SentAsync<PublicationChanged>(e => e.Publication.Id == publication.Id && e.Publication.Tagline == "Told clearly.");
        Assert.True(second.Publication.Version > first.Publication.Version);
        var shown = await publication.Anonymous.GetJsonAsync(publication.Api);
        Assert.Equal("Told clearly.", shown.GetProperty("tagline").GetString());
        Assert.Equal("#0f5e63", shown.GetProperty("accentColor").GetString());
        Assert.Equal("Vision", shown.GetProperty("topics")[0].GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_change_that_changes_nothing_tells_nobody()
    {
        var publication = await content.PublicationAsync();
        var version = (await publication.Owner.GetJsonAsync(publication.Api)).GetProperty("staff").GetProperty("version").GetInt64();
        var after = await publication.Owner.PatchJsonAsync(publication.Api, new { name = "The Test" });
        Assert.Equal(version, after.GetProperty("staff").GetProperty("version").GetInt64());
    }

    [Fact]
    public async Task A_domain_becomes_the_base_of_every_link_and_belongs_to_one_publication()
    {
        var publication = await content.PublicationAsync();
        var other = await content.PublicationAsync();
        var domain = await content.MoveAsync(publication);
        Assert.Equal($"https://{domain}", (await publication.Anonymous.GetJsonAsync(publication.Api)).GetProperty("url").GetString());
        // Even with the host's DNS in their hands, which may have been sold since.
        content.Dns.Write($"_newsletter.{domain}", (await other.Owner.GetJsonAsync(other.Api)).GetProperty("staff").GetProperty("domainProof").GetString()!);
        using var stolen = await other.Owner.SendAsync(HttpMethod.Patch, other.Api, new { domain });
        Assert.Equal(HttpStatusCode.Conflict, stolen.StatusCode);
        var hosts = await content.Service.Anonymous().GetJsonAsync("/internal/publications");
        Assert.Contains(hosts.GetProperty("items").EnumerateArray(), h => h.GetProperty("slug").GetString() == publication.Slug && h.GetProperty("host").GetString() == domain);
    }

    [Fact]
    public async Task When_a_publication_moves_its_posts_move_with_it()
    {
        var publication = await content.PublicationAsync();
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "One", slug = "one", body = "[next](two)" });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { mail = false });
        await content.MoveAsync(publication);
        var told = await content.Service.SentAsync<PostChanged>(e => e.Post.Url == $"https://{publication.Slug}.example/posts/one");
        Assert.Contains($"https://{publication.Slug}.example/posts/two", told.Post.Cuts[0].Html, StringComparison.Ordinal);
        Assert.Contains($"https://{publication.Slug}.example/posts/two", (await publication.Anonymous.GetJsonAsync($"{publication.Api}/posts/one")).GetProperty("html").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("api")]
    [InlineData("www")]
    [InlineData("console")]
    [InlineData("Upper")]
    [InlineData("with space")]
    [InlineData("-dash")]
    [InlineData("x")]
    [InlineData("../etc")]
    public async Task A_slug_that_is_reserved_or_malformed_is_refused(string slug)
    {
        using var answer = await content.Operator.SendAsync(HttpMethod.Post, "/api/v1/publications", new { slug, name = "No" });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("slug", (await answer.ProblemAsync()).ToJsonString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void No_slug_hides_an_address_of_ours()
    {
        var firsts = content.Service.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(e => e.RoutePattern.RawText!.Split('/', StringSplitOptions.RemoveEmptyEntries))
            .Where(segments => segments is [{ } first, ..] && !first.StartsWith('{'))
            .Select(segments => segments[0]);
        // What other services and the gateway add beside ours.
        Assert.All(firsts.Concat(["webhooks", "t", "o", "embed", "console", "docs", "openapi", "health", "metrics", "sandbox", "assets", "internal", "media", "static", "www", "admin"]),
            first => Assert.True(Slugs.IsReserved(first), first));
    }

    [Theory]
    [InlineData("name", "two\r\nlines")]
    [InlineData("senderName", "Bcc: x\n")]
    [InlineData("timeZone", "Mars/Olympus")]
    [InlineData("accentColor", "red;}")]
    [InlineData("replyTo", "nobody")]
    [InlineData("domain", "http://x")]
    [InlineData("domain", "localhost")]
    [InlineData("domain", "news.example.")]
    [InlineData("domain", "b\u00fccher.example")]
    [InlineData("language", "<script>")]
    public async Task A_malformed_setting_is_refused_by_its_name(string field, string value)
    {
        var publication = await content.PublicationAsync();
        using var answer = await publication.Owner.SendAsync(HttpMethod.Patch, publication.Api, new Dictionary<string, string> { [field] = value });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains(field, (await answer.ProblemAsync()).ToJsonString(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Owners_choose_whether_their_letters_count_opens_and_clicks()
    {
        var publication = await content.PublicationAsync();
        var before = await publication.Owner.GetJsonAsync(publication.Api);
        var after = await publication.Owner.PatchJsonAsync(publication.Api, new { trackingAllowed = false });
        Assert.Equal((true, false), (before.GetProperty("staff").GetProperty("trackingAllowed").GetBoolean(), after.GetProperty("staff").GetProperty("trackingAllowed").GetBoolean()));
        await content.Service.SentAsync<PublicationChanged>(e => e.Publication.Slug == publication.Slug && !e.Publication.TrackingAllowed);
    }

    [Fact]
    public async Task Only_operators_make_list_and_suspend_publications()
    {
        var publication = await content.PublicationAsync();
        using var made = await publication.Owner.SendAsync(HttpMethod.Post, "/api/v1/publications", new { slug = "owned-one", name = "x" });
        using var listed = await publication.Owner.SendAsync(HttpMethod.Get, "/api/v1/publications");
        using var suspended = await publication.Owner.SendAsync(HttpMethod.Patch, publication.Api, new { suspended = true });
        Assert.Equal([HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden], [made.StatusCode, listed.StatusCode, suspended.StatusCode]);
        var all = await content.Operator.GetJsonAsync("/api/v1/publications?limit=1");
        Assert.Single(all.GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Strangers_are_not_told_what_is_for_staff()
    {
        var publication = await content.PublicationAsync();
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await publication.Anonymous.GetJsonAsync(publication.Api)).GetProperty("staff").ValueKind);
        Assert.Equal("The Test", (await publication.Author.GetJsonAsync(publication.Api)).GetProperty("staff").GetProperty("senderName").GetString());
    }

    [Fact]
    public async Task A_roundup_gets_another_slot()
    {
        var publication = await content.PublicationAsync();
        await publication.Owner.PatchJsonAsync($"{publication.Api}/newsletters/weekly", new { name = "Sunday", schedule = new { day = "sunday", time = "09:30" } });
        var told = await content.Service.SentAsync<PublicationChanged>(e => e.Publication.Id == publication.Id && e.Publication.Newsletters.Any(n => n.Name == "Sunday"));
        Assert.Equal(new RoundupSchedule(DayOfWeek.Sunday, new TimeOnly(9, 30)), told.Publication.Newsletters.Single(n => n.Slug == "weekly").Schedule);
        using var wrong = await publication.Owner.SendAsync(HttpMethod.Patch, $"{publication.Api}/newsletters/weekly", new { schedule = new { day = "sunday", time = "25:00" } });
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
    }

    [Fact]
    public async Task Changes_of_one_moment_are_all_made_and_a_resync_at_that_moment_refuses_none()
    {
        var publication = await content.PublicationAsync();
        var resync = content.Service.PublishAsync(new RequestResync(nameof(PublicationChanged)));
        var changes = Enumerable.Range(1, 8).SelectMany(n => new[]
        {
            publication.Owner.PostJsonAsync($"{publication.Api}/newsletters", new { slug = $"extra-{n}", name = $"Extra {n}", kind = "posts" }),
            publication.Owner.PatchJsonAsync(publication.Api, new { tagline = $"Tagline {n}" }),
        });
        await Task.WhenAll([resync, .. changes]);

        var shown = await publication.Anonymous.GetJsonAsync(publication.Api);
        Assert.Equal(2 + 8, shown.GetProperty("newsletters").GetArrayLength());
    }

    [Fact]
    public async Task An_unknown_publication_is_a_problem()
    {
        using var answer = await content.Service.Anonymous().SendAsync(HttpMethod.Get, "/api/v1/publications/no-such-one");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        await answer.ProblemAsync();
    }
}
