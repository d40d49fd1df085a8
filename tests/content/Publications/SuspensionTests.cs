using System.Net;
using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Tests.Publications;

public sealed class SuspensionTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    [Theory]
    [InlineData("/{p}/")]
    [InlineData("/{p}/posts/one")]
    [InlineData("/{p}/feed.xml")]
    [InlineData("/{p}/sitemap.xml")]
    [InlineData("/embed/{p}.js")]
    [InlineData("/api/v1/publications/{p}")]
    [InlineData("/api/v1/publications/{p}/newsletters")]
    [InlineData("/api/v1/publications/{p}/posts")]
    [InlineData("/api/v1/publications/{p}/posts/one")]
    public async Task A_suspended_publication_shows_strangers_and_readers_nothing(string path)
    {
        var publication = await PublishedAsync();
        await SuspendAsync(publication);
        foreach (var client in new[] { publication.Anonymous, publication.Reader(Guid.CreateVersion7()) })
        {
            using var answer = await client.SendAsync(HttpMethod.Get, path.Replace("{p}", publication.Slug, StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
            Assert.Equal("This publication is closed", (await answer.ProblemAsync())["title"]!.GetValue<string>());
        }
    }

    [Fact]
    public async Task Its_staff_may_look_and_tidy_up_and_operators_alone_publish()
    {
        var publication = await PublishedAsync();
        await DraftAsync(publication, "two");
        await SuspendAsync(publication);
        await publication.Editor.GetJsonAsync($"{publication.Api}/posts");
        await publication.Author.PutJsonAsync($"{publication.Api}/posts/two", new { title = "Still written" });
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/unpublish", new { });
        using var published = await publication.Owner.SendAsync(HttpMethod.Post, $"{publication.Api}/posts/two/publish", new { });
        using var scheduled = await publication.Owner.SendAsync(HttpMethod.Post, $"{publication.Api}/posts/two/schedule", new { at = content.Service.Time.GetUtcNow().AddDays(1) });
        Assert.Equal([HttpStatusCode.Forbidden, HttpStatusCode.Forbidden], [published.StatusCode, scheduled.StatusCode]);
        await OperatorOf(publication).PostJsonAsync($"{publication.Api}/posts/two/publish", new { });
    }

    [Fact]
    public async Task A_scheduled_post_waits_until_the_suspension_is_lifted()
    {
        var (publication, other) = (await content.PublicationAsync(), await content.PublicationAsync());
        var at = content.Service.Time.GetUtcNow().AddMinutes(1);
        await ScheduleAsync(publication, at);
        await ScheduleAsync(other, at.AddSeconds(1));
        await SuspendAsync(publication);
        content.Service.Time.Advance(TimeSpan.FromMinutes(2));
        await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == other.Id);
        Assert.DoesNotContain(content.Service.Sent<PostChanged>(), e => e.Post.PublicationId == publication.Id);
        await SuspendAsync(publication, false);
        Assert.True((await content.Service.SentAsync<PostChanged>(e => e.Post.PublicationId == publication.Id)).Post.Published);
    }

    [Fact]
    public async Task Only_operators_lift_a_suspension()
    {
        var publication = await content.PublicationAsync();
        await SuspendAsync(publication);
        using var lifted = await publication.Owner.SendAsync(HttpMethod.Patch, publication.Api, new { suspended = false });
        Assert.Equal(HttpStatusCode.Forbidden, lifted.StatusCode);
        await SuspendAsync(publication, false);
        await publication.Anonymous.GetJsonAsync(publication.Api);
    }

    private async Task<TestPublication> PublishedAsync()
    {
        var publication = await content.PublicationAsync();
        await DraftAsync(publication, "one");
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/one/publish", new { mail = false });
        return publication;
    }

    private static async Task ScheduleAsync(TestPublication publication, DateTimeOffset at)
    {
        await DraftAsync(publication, "later");
        await publication.Editor.PostJsonAsync($"{publication.Api}/posts/later/schedule", new { at });
    }

    private static Task<JsonElement> DraftAsync(TestPublication publication, string slug) =>
        publication.Author.PostJsonAsync($"{publication.Api}/posts", new { title = $"Post {slug}", slug, body = "Free to read." });

    private Task<JsonElement> SuspendAsync(TestPublication publication, bool suspended = true) =>
        OperatorOf(publication).PatchJsonAsync(publication.Api, new { suspended });

    private HttpClient OperatorOf(TestPublication publication) => content.Service.As(Role.Operator, publication.Id);
}
