using System.Net;
using System.Net.Http.Json;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests;

/// <summary>Every route of staff, whoever adds one; and what their calls leave in the log.</summary>
public sealed class StaffRouteTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Who_may_all_but_what_a_route_asks_for_is_refused_there()
    {
        var publication = await _mailer.PublicationAsync();
        var routes = StaffRoutes.Of(_mailer.Service.Services, publication.Slug);
        Assert.True(routes.Count > 10);
        foreach (var route in routes)
        {
            var client = _mailer.Service.As(Role.Operator, route.OnPublication ? publication.Id : null, null, route.OtherPermissions);
            using var answer = await client.SendAsync(new HttpRequestMessage(new(route.Method), route.Path), Cancellation);
            Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{route}: {(int)answer.StatusCode}");
        }
    }

    [Fact]
    public void What_changes_something_leaves_an_entry() => Assert.DoesNotContain(StaffRoutes.Of(_mailer.Service.Services, "p"), r => r.Changes && !r.LeavesEntry);

    [Fact]
    public async Task A_segment_is_told_of_as_it_was_and_is_and_when_it_goes()
    {
        var publication = await _mailer.PublicationAsync();
        var staff = publication.As(Role.Editor);
        var path = $"{publication.Api}/segments/seers";
        (await staff.PutAsJsonAsync(path, new { name = "Seers", topic = "vision" }, Cancellation)).EnsureSuccessStatusCode();
        (await staff.PutAsJsonAsync(path, new { name = "Prophets", topic = "vision" }, Cancellation)).EnsureSuccessStatusCode();
        using var refused = await staff.PutAsJsonAsync(path, new { name = "Nobody", newsletter = "none" }, Cancellation);
        (await staff.DeleteAsync(path, Cancellation)).EnsureSuccessStatusCode();
        await Eventually.TrueAsync(() => Task.FromResult(_mailer.Service.Sent<StaffActed>().Count(a => a.PublicationId == publication.Id) >= 3), "all three told");

        var names = _mailer.Service.Sent<StaffActed>().Where(a => a.PublicationId == publication.Id).OrderBy(a => a.Id)
            .Select(a => a.Changes.Single(c => c is { Entity: "segment", Property: "name" })).Select(c => (c.Before, c.After));

        Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        Assert.Equal([(null, "Seers"), ("Seers", "Prophets"), ("Prophets", null)], names);
    }
}
