using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using Newsletter.Contracts;

namespace Newsletter.Content.Tests.Posts;

public sealed class PostTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    private const string Body = "Free to read.\n\n<!--more-->\n\n## Ideas\n\nThe secret rest.";

    [Fact]
    public async Task A_draft_is_told_to_nobody_and_shown_to_no_stranger()
    {
        var publication = await content.PublicationAsync();
        var made = await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "Über die Äpfel!", body = Body });
        Assert.Equal("uber-die-apfel", made.GetProperty("slug").GetString());
        using var stranger = await publication.Anonymous.SendAsync(HttpMethod.Get, $"{publication.Api}/posts/uber-die-apfel");
        Assert.Equal(HttpStatusCode.NotFound, stranger.StatusCode);
        Assert.Empty((await publication.Anonymous.GetJsonAsync($"{publication.Api}/posts")).GetProperty("items").EnumerateArray());
        Assert.Single((await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=draft")).GetProperty("items").EnumerateArray());
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/uber-die-apfel/publish", new { mail = false });
        var told = await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id);
        Assert.True(told.Post.Published);
    }

    [Fact]
    public async Task Publishing_ships_the_cuts_and_the_newsletter_that_mails_it()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "one", "subscribers");
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { mail = true });
        var told = (await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id)).Post;
        var letters = (await content.Service.SentAsync<PublicationChanged>(e => e.Publication.Id == publication.Id)).Publication.Newsletters;
        Assert.Equal(letters.Single(n => n.Kind == NewsletterKind.Posts).Id, told.NewsletterId);
        Assert.Equal($"http://localhost:8080/{publication.Slug}/posts/one", told.Url);
        Assert.True(told.InRoundup);
        Assert.NotNull(told.FirstPublishedAt);
        Assert.Equal([false, true, true], told.Cuts.Select(c => c.Complete));
        Assert.DoesNotContain("secret", told.Cuts[0].Html + told.Cuts[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_old_post_is_brought_in_with_its_date_and_without_mail_or_roundup()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "old", "public");
        var before = DateTimeOffset.UtcNow.AddSeconds(-5);
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/old/publish", new { mail = false, roundup = false, publishedAt = "2024-02-03T04:05:06Z" });
        var told = (await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id)).Post;
        Assert.Equal(new DateTimeOffset(2024, 2, 3, 4, 5, 6, TimeSpan.Zero), told.PublishedAt);
        Assert.True(told.FirstPublishedAt > before);
        Assert.Null(told.NewsletterId);
        Assert.False(told.InRoundup);
        await DraftAsync(publication, "future", "public");
        using var answer = await publication.Editor.SendAsync(HttpMethod.Post, $"{publication.Api}/posts/future/publish", new { publishedAt = "2999-01-01T00:00:00Z" });
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task Publishing_again_changes_nothing_and_unpublishing_is_told()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "one", "public");
        var first = await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { });
        var second = await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { });
        Assert.Equal(first.GetProperty("version").GetInt64(), second.GetProperty("version").GetInt64());
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/unpublish", new { });
        await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id && !e.Post.Published);
        using var gone = await publication.Anonymous.SendAsync(HttpMethod.Get, $"{publication.Api}/posts/one");
        Assert.Equal(HttpStatusCode.NotFound, gone.StatusCode);
        var again = await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { mail = false });
        Assert.Equal(first.GetProperty("firstPublishedAt").GetDateTimeOffset(), again.GetProperty("firstPublishedAt").GetDateTimeOffset());
    }

    [Fact]
    public async Task A_change_after_publishing_shows_at_once_and_keeps_the_entries_ids()
    {
        var publication = await content.PublicationAsync();
        object Digest(string summary) => new { title = "D", slug = "d", kind = "digest", body = Body, entries = new[] { new { name = "TRACE", section = "Ideas", summary } } };
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", Digest("First."));
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/d/publish", new { mail = false });
        var before = (await publication.Anonymous.GetJsonAsync($"{publication.Api}/posts/d")).GetProperty("entries")[0];
        var first = await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id);
        await publication.Editor.PutJsonAsync($"{publication.Api}/posts/d", Digest("Second."));
        var after = (await publication.Anonymous.GetJsonAsync($"{publication.Api}/posts/d")).GetProperty("entries")[0];
        Assert.Equal("Second.", after.GetProperty("text").GetString());
        Assert.Equal(before.GetProperty("id").GetGuid(), after.GetProperty("id").GetGuid());
        var told = await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id && e.Post.Entries.Any(x => x.Text == "Second."));
        Assert.True(told.Post.Version > first.Post.Version);
    }

    [Fact]
    public async Task Nobody_overwrites_what_they_have_not_seen()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "one", "public");
        var source = await publication.Author.GetJsonAsync($"{publication.Api}/posts/one/source");
        var version = source.GetProperty("version").GetInt64();
        await publication.Author.PutJsonAsync($"{publication.Api}/posts/one", new { title = "Mine", version });
        using var conflict = await publication.Author.SendAsync(HttpMethod.Put, $"{publication.Api}/posts/one", new { title = "Yours", version });
        Assert.Equal(HttpStatusCode.Conflict, conflict.StatusCode);
        var client = publication.Author;
        client.DefaultRequestHeaders.IfMatch.Add(new EntityTagHeaderValue($"\"{version}\""));
        using var failed = await client.SendAsync(HttpMethod.Put, $"{publication.Api}/posts/one", new { title = "Yours" });
        Assert.Equal(HttpStatusCode.PreconditionFailed, failed.StatusCode);
        Assert.Equal("Mine", (await publication.Editor.GetJsonAsync($"{publication.Api}/posts/one/source")).GetProperty("title").GetString());
    }

    [Fact]
    public async Task A_deleted_post_leaves_a_tombstone_and_its_address_free()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "one", "public");
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { mail = false });
        using var deleted = await publication.Editor.SendAsync(HttpMethod.Delete, $"{publication.Api}/posts/one");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        var told = await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id && e.Post.Deleted);
        Assert.Empty(told.Post.Cuts);
        await DraftAsync(publication, "one", "public");
        using var taken = await publication.Author.SendAsync(HttpMethod.Post, $"{publication.Api}/posts", new { title = "x", slug = "one" });
        Assert.Equal(HttpStatusCode.Conflict, taken.StatusCode);
    }

    [Fact]
    public async Task A_scheduled_post_is_published_once_when_its_time_has_come()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "later", "public");
        var at = content.Service.Time.GetUtcNow().AddMinutes(1);
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/later/schedule", new { at, mail = true });
        Assert.Single((await publication.Editor.GetJsonAsync($"{publication.Api}/posts?state=scheduled")).GetProperty("items").EnumerateArray());
        content.Service.Time.Advance(TimeSpan.FromMinutes(1));
        var told = (await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id)).Post;
        Assert.True(told.Published);
        Assert.NotNull(told.NewsletterId);
        Assert.True(told.FirstPublishedAt > at.AddSeconds(-1));
        var shown = await publication.Editor.GetJsonAsync($"{publication.Api}/posts/later/source");
        Assert.Equal(told.Version, shown.GetProperty("version").GetInt64());
        Assert.Single(content.Service.Sent<PostChanged>(), e => e.Post.PublicationId == publication.Id);
    }

    [Theory]
    [InlineData("""{"title":"x","body":""")]
    [InlineData("""{"title":["x"]}""")]
    [InlineData("""{"title":"x","access":"everybody"}""")]
    [InlineData("""{"title":"x","kind":7}""")]
    [InlineData("""{"title":"two\nlines"}""")]
    [InlineData("""{"title":""}""")]
    [InlineData("""{"title":"x","slug":"../../etc"}""")]
    [InlineData("""{"title":"x","topics":["<script>"]}""")]
    [InlineData("""{"title":"x","topics":[null]}""")]
    [InlineData("""{"title":"x","kind":"digest","entries":[{"name":"x","links":{"code":"javascript:alert(1)"}}]}""")]
    [InlineData("""{"title":"x","kind":"digest","entries":[{"name":"x","links":{"evil":"https://example.com"}}]}""")]
    [InlineData("""{"title":"x","kind":"digest","entries":[{"name":""}]}""")]
    [InlineData("""{"title":"x","entries":[{"name":"in an article"}]}""")]
    [InlineData("""{"title":"x","tiers":["patron"]}""")]
    [InlineData("""{"title":"x","newsletter":"no-such"}""")]
    [InlineData("""[]""")]
    public async Task A_malformed_post_is_a_problem_and_nothing_is_written(string json)
    {
        var publication = await content.PublicationAsync();
        using var body = new StringContent(json, Encoding.UTF8, "application/json");
        using var answer = await publication.Author.PostAsync(new Uri($"{publication.Api}/posts", UriKind.Relative), body, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        await answer.ProblemAsync();
        Assert.Empty((await publication.Author.GetJsonAsync($"{publication.Api}/posts?state=draft")).GetProperty("items").EnumerateArray());
    }

    [Fact]
    public async Task Long_posts_are_taken_and_endless_ones_refused()
    {
        var publication = await content.PublicationAsync();
        await publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = "Long", slug = "long", body = string.Concat(Enumerable.Repeat("words and more words\n\n", 15_000)) });
        using var tooLong = await publication.Author.SendAsync(HttpMethod.Post, $"{publication.Api}/posts", new { title = "x", body = new string('x', 1_000_001) });
        Assert.Equal(HttpStatusCode.BadRequest, tooLong.StatusCode);
        using var large = new HttpRequestMessage(HttpMethod.Post, $"{publication.Api}/posts") { Content = JsonContent.Create(new { title = "x", body = new string('x', 3_000_000) }) };
        // The answer comes before the body is read.
        large.Headers.ExpectContinue = true;
        using var tooLarge = await publication.Author.SendAsync(large);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, tooLarge.StatusCode);
        await tooLarge.ProblemAsync();
        using var deep = await publication.Author.SendAsync(HttpMethod.Post, $"{publication.Api}/posts", new { title = "x", body = string.Concat(Enumerable.Repeat("<b>", 60_000)) });
        Assert.Equal(HttpStatusCode.BadRequest, deep.StatusCode);
    }

    [Fact]
    public async Task Lists_go_on_where_they_ended()
    {
        var publication = await content.PublicationAsync();
        foreach (var slug in new[] { "a", "b", "c" })
        {
            await DraftAsync(publication, slug, "public");
            await publication.Editor.PostJsonAsync($"{publication.Api}/posts/{slug}/publish", new { mail = false, publishedAt = "2026-01-01T00:00:00Z" });
        }
        List<string?> seen = [];
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await publication.Anonymous.GetJsonAsync($"{publication.Api}/posts?limit=2&cursor={cursor}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(i => i.GetProperty("slug").GetString()));
            cursor = page.GetProperty("next").GetString();
        }
        Assert.Equal(["c", "b", "a"], seen);
        using var forged = await publication.Anonymous.SendAsync(HttpMethod.Get, $"{publication.Api}/posts?cursor=xyz");
        Assert.Equal(HttpStatusCode.BadRequest, forged.StatusCode);
    }

    [Fact]
    public async Task Authors_write_and_editors_publish()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "one", "public");
        using var refused = await publication.Author.SendAsync(HttpMethod.Post, $"{publication.Api}/posts/one/publish", new { });
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { mail = false });
        using var changed = await publication.Author.SendAsync(HttpMethod.Put, $"{publication.Api}/posts/one", new { title = "Not so" });
        using var deleted = await publication.Author.SendAsync(HttpMethod.Delete, $"{publication.Api}/posts/one");
        using var reader = await publication.Reader(Guid.CreateVersion7()).SendAsync(HttpMethod.Post, $"{publication.Api}/posts", new { title = "x" });
        Assert.Equal([HttpStatusCode.Forbidden, HttpStatusCode.Forbidden, HttpStatusCode.Forbidden], [changed.StatusCode, deleted.StatusCode, reader.StatusCode]);
    }

    [Fact]
    public async Task What_waits_to_be_published_is_changed_by_those_who_may_publish()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "reviewed", "public");
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/reviewed/schedule", new { at = content.Service.Time.GetUtcNow().AddDays(1) });
        using var changed = await publication.Author.SendAsync(HttpMethod.Put, $"{publication.Api}/posts/reviewed", new { title = "Slipped in" });
        using var deleted = await publication.Author.SendAsync(HttpMethod.Delete, $"{publication.Api}/posts/reviewed");
        Assert.Equal([HttpStatusCode.Forbidden, HttpStatusCode.Forbidden], [changed.StatusCode, deleted.StatusCode]);
        await publication.Editor.PutJsonAsync($"{publication.Api}/posts/reviewed", new { title = "Seen again" });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/reviewed/unpublish", new { });
        await publication.Author.PutJsonAsync($"{publication.Api}/posts/reviewed", new { title = "A draft once more" });
    }

    private static Task<System.Text.Json.JsonElement> DraftAsync(TestPublication publication, string slug, string access) =>
        publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = $"Post {slug}", slug, access, body = Body });
}
