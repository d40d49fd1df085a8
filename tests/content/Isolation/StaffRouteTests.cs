using System.Net;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Content.Tests.Isolation;

/// <summary>Every route of staff, whoever adds one; and what their calls leave in the log.</summary>
public sealed class StaffRouteTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    [Fact]
    public async Task Who_may_all_but_what_a_route_asks_for_is_refused_there()
    {
        var publication = await content.PublicationAsync();
        var routes = StaffRoutes.Of(content.Service.Services, publication.Slug);
        Assert.True(routes.Count > 10);
        foreach (var route in routes)
        {
            var client = content.Service.As(Role.Operator, route.OnPublication ? publication.Id : null, null, route.OtherPermissions);
            using var answer = await client.SendAsync(new HttpMethod(route.Method), route.Path);
            Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{route}: {(int)answer.StatusCode}");
        }
    }

    [Fact]
    public void What_changes_something_leaves_an_entry() => Assert.DoesNotContain(StaffRoutes.Of(content.Service.Services, "p"), r => r.Changes && !r.LeavesEntry);

    [Fact]
    public async Task A_changed_post_is_told_with_before_and_after_and_its_body_where_it_differs()
    {
        var publication = await content.PublicationAsync();
        var body = string.Concat(Enumerable.Repeat("The same words again. ", 100));
        await publication.Owner.PostJsonAsync($"{publication.Api}/posts", new { slug = "hello", title = "Hello", body });
        using var changed = await publication.Owner.SendAsync(HttpMethod.Put, $"{publication.Api}/posts/hello", new { title = "Good-bye", body = body + "And an end." });
        Assert.Equal(HttpStatusCode.OK, changed.StatusCode);
        using var published = await publication.Owner.SendAsync(HttpMethod.Post, $"{publication.Api}/posts/hello/publish");

        var acted = await content.Service.SentAsync<StaffActed>(a => a.PublicationId == publication.Id && a.Action == "PUT posts/{slug}");

        Assert.Equal(("posts/hello", "owner", "127.0.0.1"), (acted.Target, acted.Role, acted.From));
        Assert.Contains(acted.Changes, c => c is { Entity: "post", Property: "title", Before: "Hello", After: "Good-bye" });
        var text = Assert.Single(acted.Changes, c => c.Property == "body");
        Assert.Contains("And an end. (2,2", text.After, StringComparison.Ordinal);
        Assert.InRange(text.Before!.Length + text.After!.Length, 80, 600);
        Assert.Equal(["body", "title"], acted.Changes.Select(c => c.Property));
        var publishing = await content.Service.SentAsync<StaffActed>(a => a.PublicationId == publication.Id && a.Action == "POST posts/{slug}/publish");
        Assert.Contains(publishing.Changes, c => c is { Property: "state", Before: "draft", After: "published" });
    }

    [Fact]
    public async Task A_refused_change_leaves_no_entry_and_a_new_publication_is_told_of_on_none()
    {
        var publication = await content.PublicationAsync();
        using var refused = await publication.Owner.SendAsync(HttpMethod.Put, $"{publication.Api}/posts/missing", new { title = "Good-bye", body = "" });
        await publication.Owner.PostJsonAsync($"{publication.Api}/posts", new { slug = "after", title = "After", body = "x" });
        await content.Service.SentAsync<StaffActed>(a => a.PublicationId == publication.Id);

        Assert.Equal(HttpStatusCode.NotFound, refused.StatusCode);
        Assert.Equal("POST posts", Assert.Single(content.Service.Sent<StaffActed>(), a => a.PublicationId == publication.Id).Action);
        await content.Service.SentAsync<StaffActed>(a => a is { PublicationId: null, Action: "POST publications", Role: "operator" } && a.Changes.Any(c => c is { Property: "slug" } && c.After == publication.Slug));
    }
}
