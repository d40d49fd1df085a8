using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests;

/// <summary>Operators reach the operations of every service through the front door, in both forms; nobody else does.</summary>
public abstract class OperationsTests(Installation house)
{
    protected abstract string QueueOfPosts { get; }

    [Theory]
    [InlineData("subscriber", "housekeeping")]
    [InlineData("content", "scheduled posts")]
    [InlineData("billing", "stripe objects")]
    [InlineData("mailer", "roundup slots")]
    public async Task Every_service_tells_how_it_does(string service, string schedule)
    {
        var shown = await house.Staff().GetFromJsonAsync<JsonElement>($"/api/v1/operations/{service}");

        Assert.Equal(service, shown.GetProperty("service").GetString());
        Assert.True(shown.GetProperty("healthy").GetBoolean());
        Assert.Equal(JsonValueKind.Array, shown.GetProperty("queues").ValueKind);
        Assert.Contains(shown.GetProperty("schedules").EnumerateArray(), s => s.GetProperty("name").GetString() == schedule);
        Assert.Equal(JsonValueKind.Array, (await house.Staff().GetFromJsonAsync<JsonElement>($"/api/v1/operations/{service}/errors")).GetProperty("items").ValueKind);
        using var replay = await house.Staff().PostAsJsonAsync($"/api/v1/operations/{service}/errors/replay", new { queue = QueueOfPosts });
        Assert.Equal(HttpStatusCode.OK, replay.StatusCode);
    }

    [Fact]
    public async Task A_publication_s_own_key_is_refused()
    {
        using var made = await house.Staff().PostAsJsonAsync("/api/v1/publications/scipapermill/keys", new { name = "owner's", role = "owner" });
        Assert.True(made.StatusCode == HttpStatusCode.Created, await made.Content.ReadAsStringAsync());
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
        foreach (var path in (string[])["", "/errors", "/providers"])
        {
            using var answer = await house.Staff(key).GetAsync(new Uri($"/api/v1/operations/mailer{path}", UriKind.Relative));
            Assert.True(answer.StatusCode is HttpStatusCode.Forbidden or HttpStatusCode.Unauthorized, $"{path}: {(int)answer.StatusCode}");
        }
    }
}

[Collection(nameof(DistributedCollection))]
public sealed class DistributedOperationsTests(DistributedHouse house) : OperationsTests(house)
{
    protected override string QueueOfPosts => "mailer-post_error";
}

[Collection(nameof(StandaloneCollection))]
public sealed class StandaloneOperationsTests(StandaloneHouse house) : OperationsTests(house)
{
    protected override string QueueOfPosts => "PostChanged";
}
