using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Subscriber.Tests;

/// <summary>Every route of staff, whoever adds one.</summary>
public sealed class StaffRouteTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task A_key_that_may_all_but_what_a_route_asks_for_is_refused_there()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        var routes = StaffRoutes.Of(_app.Service.Services, publication.Slug);
        Assert.True(routes.Count > 15);
        foreach (var asked in routes.GroupBy(r => (r.Permission, r.OnPublication)))
        {
            var scopes = Permission.Of[Role.Owner].Where(p => p != asked.Key.Permission);
            using var made = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/keys", new { name = "All but one", role = "owner", scopes });
            var key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
            var client = await _app.ClientAsync(key, asked.Key.OnPublication ? publication.Id : null);
            foreach (var route in asked)
            {
                using var answer = await client.SendAsync(new HttpRequestMessage(new(route.Method), route.Path));
                Assert.True(answer.StatusCode == HttpStatusCode.Forbidden, $"{route}: {(int)answer.StatusCode}");
            }
        }
    }

    [Fact]
    public void What_changes_something_leaves_an_entry() => Assert.DoesNotContain(StaffRoutes.Of(_app.Service.Services, "p"), r => r.Changes && !r.LeavesEntry);

    [Fact]
    public async Task The_account_tells_what_its_holder_may_where()
    {
        var publication = await _app.PublicationAsync(createdBy: await OwnerIdAsync());
        var operators = await _app.ClientAsync(SubscriberApp.OwnerKey, null);
        using var made = await (await _app.OwnerAsync(publication)).PostAsJsonAsync(
            $"/api/v1/publications/{publication.Slug}/keys", new { name = "Posts only", role = "editor", scopes = new[] { "posts:write", "posts:read" } });
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
        var limited = await (await _app.ClientAsync(key, null)).GetFromJsonAsync<JsonElement>("/api/v1/account");
        var all = await operators.GetFromJsonAsync<JsonElement>("/api/v1/account");

        Assert.Equal(Permission.All.Order(StringComparer.Ordinal), Words(all));
        Assert.Equal(Permission.All.Order(StringComparer.Ordinal), Words(At(all, publication.Id)));
        Assert.Empty(Words(limited));
        Assert.Equal(["posts:read", "posts:write"], Words(At(limited, publication.Id)));
        var elsewhere = limited.GetProperty("memberships").EnumerateArray().Where(m => m.GetProperty("publicationId").GetGuid() != publication.Id);
        Assert.All(elsewhere, m => Assert.Empty(Words(m)));
    }

    private async Task<Guid> OwnerIdAsync() =>
        (await (await _app.ClientAsync(SubscriberApp.OwnerKey, null)).GetFromJsonAsync<JsonElement>("/api/v1/account")).GetProperty("id").GetGuid();

    private static JsonElement At(JsonElement account, Guid publication) =>
        account.GetProperty("memberships").EnumerateArray().Single(m => m.GetProperty("publicationId").GetGuid() == publication);

    private static IEnumerable<string?> Words(JsonElement holder) => holder.GetProperty("permissions").EnumerateArray().Select(p => p.GetString());
}
