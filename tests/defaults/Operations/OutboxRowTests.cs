using System.Text.Json;
using Newsletter.Tests.Harness;

namespace Newsletter.Defaults.Tests.Operations;

/// <summary>The same in one process, where the outbox is the queue.</summary>
public sealed class OutboxRowTests : IAsyncLifetime
{
    private OperatedShelf _shelf = null!;

    public async ValueTask InitializeAsync() => _shelf = await OperatedShelf.StartAsync(broker: null);

    public ValueTask DisposeAsync() => _shelf.DisposeAsync();

    [Fact]
    public async Task What_failed_is_listed_without_its_text_and_is_done_once_it_is_replayed()
    {
        _shelf.FailWith(new FormatException("jane@example.com is unreadable"));
        var trace = await _shelf.PublishAsync("bad");
        var error = Assert.Single(await _shelf.ErrorsAsync(1));

        Assert.Equal("PostChanged", error.GetProperty("queue").GetString());
        Assert.Equal("PostChanged", error.GetProperty("type").GetString());
        Assert.Equal("System.FormatException", error.GetProperty("error").GetString());
        Assert.InRange(error.GetProperty("attempts").GetInt32(), 1, 5);
        Assert.InRange(error.GetProperty("failedAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow);
        Assert.Equal(trace, error.GetProperty("traceId").GetString());
        Assert.DoesNotContain("jane@example.com", JsonSerializer.Serialize(error), StringComparison.Ordinal);

        // However soon the row is due again by itself, it is still there to be replayed.
        var gate = new TaskCompletionSource();
        _shelf.Posts.OnPost = _ => gate.Task;
        Assert.Equal(1, await _shelf.ReplayAsync("PostChanged", error.GetProperty("id").GetString()!));
        gate.SetResult();
        await _shelf.HeardAsync("bad");
        await _shelf.ErrorsAsync(0);
    }

    [Fact]
    public async Task Depths_and_the_outbox_tell_what_waits_and_what_failed()
    {
        _shelf.FailWith(new FormatException());
        await _shelf.PublishAsync("bad");
        await _shelf.ErrorsAsync(1);

        var shown = await _shelf.ShowAsync();
        var queue = Assert.Single(shown.GetProperty("queues").EnumerateArray());
        Assert.Equal(("PostChanged", 0, 1, 1), (queue.GetProperty("name").GetString(), queue.GetProperty("messages").GetInt32(), queue.GetProperty("consumers").GetInt32(), queue.GetProperty("errors").GetInt32()));
        Assert.Equal((1, 1), (shown.GetProperty("outbox").GetProperty("waiting").GetInt32(), shown.GetProperty("outbox").GetProperty("failing").GetInt32()));
        Assert.True(shown.GetProperty("outbox").GetProperty("oldestSeconds").GetDouble() > 0);
    }

    [Fact]
    public async Task A_service_tells_of_itself_and_of_what_it_runs_again_and_again()
    {
        var shown = await Eventually.GetAsync(async () => await _shelf.ShowAsync() is var s
            && s.GetProperty("schedules").EnumerateArray().Any(x => x.GetProperty("lastRunAt").ValueKind == JsonValueKind.String) ? new { Body = s } : null, "a run");

        Assert.Equal("shelf", shown.Body.GetProperty("service").GetString());
        Assert.True(shown.Body.GetProperty("healthy").GetBoolean());
        Assert.NotEmpty(shown.Body.GetProperty("version").GetString()!);
        Assert.True(shown.Body.GetProperty("startedAt").GetDateTimeOffset() < DateTimeOffset.UtcNow);
        var schedule = shown.Body.GetProperty("schedules").EnumerateArray().Single(s => s.GetProperty("name").GetString() == "idempotency keys");
        Assert.Equal(JsonValueKind.Null, schedule.GetProperty("error").ValueKind);
        Assert.True(schedule.GetProperty("nextRunAt").GetDateTimeOffset() > schedule.GetProperty("lastRunAt").GetDateTimeOffset());
    }
}
