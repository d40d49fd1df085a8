using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests;

[Collection(nameof(StandaloneCollection))]
public sealed class StandaloneAuditTests(StandaloneHouse house) : AuditStory(house);

[Collection(nameof(DistributedCollection))]
public sealed class DistributedAuditTests(DistributedHouse house) : AuditStory(house);

/// <summary>Bug class: a service's staff calls never reach the log, or reach it without saying from where.</summary>
public abstract class AuditStory(Installation house)
{
    private const string Api = "/api/v1/publications/scipapermill";

    [Fact]
    public async Task What_staff_change_in_any_service_is_in_the_log_with_the_caller_s_address()
    {
        var run = Guid.NewGuid().ToString("N")[..8];
        var staff = house.Staff();
        (HttpMethod Method, string Path, object Body)[] calls =
        [
            (HttpMethod.Post, "posts", new { slug = $"audited-{run}", title = $"Audited {run}", body = "Text." }),
            (HttpMethod.Post, "tiers", new { slug = $"audited-{run}", name = $"Audited {run}", currency = "usd", prices = new { month = 100 } }),
            (HttpMethod.Put, $"segments/audited-{run}", new { name = $"Audited {run}" }),
            (HttpMethod.Post, "keys", new { name = $"Audited {run}", role = "author" }),
        ];
        foreach (var (method, path, body) in calls)
        {
            using var request = new HttpRequestMessage(method, new Uri($"{Api}/{path}", UriKind.Relative)) { Content = JsonContent.Create(body) };
            using var answer = await staff.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode, $"{path}: {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");
        }

        var entries = await Eventually.GetAsync(
            async () => (await staff.GetFromJsonAsync<JsonElement>($"{Api}/audit?q={run}")).GetProperty("items").EnumerateArray().ToList() is { Count: 4 } all ? all : null, "four entries");
        Assert.Equal(["POST keys", "POST posts", "POST tiers", "PUT segments/{slug}"], entries.Select(e => e.GetProperty("action").GetString()).Order(StringComparer.Ordinal));
        Assert.All(entries, e =>
        {
            Assert.True(IPAddress.IsLoopback(IPAddress.Parse(e.GetProperty("from").GetString()!)), e.GetRawText());
            Assert.Equal("owner@example.com", e.GetProperty("who").GetProperty("email").GetString());
            Assert.Contains(e.GetProperty("changes").EnumerateArray(), c => c.GetProperty("after").GetString() == $"Audited {run}");
        });
    }
}
