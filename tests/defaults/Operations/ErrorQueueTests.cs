using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Defaults.Tests.Operations;

/// <summary>Operators see what failed, without what it says, and bring it through when the cause is gone. With a real broker.</summary>
public sealed class ErrorQueueTests : IAsyncLifetime
{
    private TestBroker _broker = null!;
    private FaultyLink _link = null!;
    private OperatedShelf _shelf = null!;

    public async ValueTask InitializeAsync()
    {
        _broker = await TestBroker.CreateAsync();
        _link = FaultyLink.To(_broker.Address, out var through);
        _shelf = await OperatedShelf.StartAsync(through);
        // A queue is there before it is bound, and what comes in between is returned to the outbox; its consumer comes after both.
        await Eventually.TrueAsync(async () => (await _shelf.ShowAsync()).GetProperty("queues") is { ValueKind: JsonValueKind.Array } queues
            && queues.EnumerateArray().Any(q => q.GetProperty("name").GetString() == "shelf-post" && q.GetProperty("consumers").GetInt32() > 0), "the consumer of posts");
        await Eventually.GetAsync(() => _broker.QueueAsync("shelf-post_dead"), "the queue of the dead");
        await Eventually.GetAsync(() => _broker.QueueAsync("subscriber-deed_dead"), "the queue of the dead deeds");
    }

    public async ValueTask DisposeAsync()
    {
        await _shelf.DisposeAsync();
        await _link.DisposeAsync();
        await _broker.DisposeAsync();
    }

    [Fact]
    public async Task What_failed_is_listed_without_its_text_and_is_done_once_it_is_replayed()
    {
        _shelf.FailWith(new FormatException("jane@example.com is unreadable"));
        var trace = await _shelf.PublishAsync("bad");
        var error = Assert.Single(await _shelf.ErrorsAsync(1));

        Assert.Equal("shelf-post_error", error.GetProperty("queue").GetString());
        Assert.Equal("PostChanged", error.GetProperty("type").GetString());
        Assert.Equal("System.FormatException", error.GetProperty("error").GetString());
        Assert.Equal(5, error.GetProperty("attempts").GetInt32());
        Assert.InRange(error.GetProperty("failedAt").GetDateTimeOffset(), DateTimeOffset.UtcNow.AddMinutes(-2), DateTimeOffset.UtcNow);
        Assert.Equal(trace, error.GetProperty("traceId").GetString());
        Assert.DoesNotContain("jane@example.com", JsonSerializer.Serialize(error), StringComparison.Ordinal);

        _shelf.Mend();
        Assert.Equal(1, await _shelf.ReplayAsync("shelf-post_error", error.GetProperty("id").GetString()!));
        await _shelf.HeardAsync("bad");
        Assert.Empty(await _shelf.ErrorsAsync());
        var deed = await Eventually.GetAsync(() => Task.FromResult(_shelf.Watch.Deeds.FirstOrDefault()), "the entry in the log");
        Assert.Equal(("POST operations/shelf/errors/replay", "operator", null), (deed.Action, deed.Role, deed.PublicationId));
        Assert.Equal([("shelf-post_error", "replayed", "1")], deed.Changes.Select(c => (c.Id!, c.Property, c.After!)));
    }

    [Fact]
    public async Task Only_the_chosen_message_is_replayed()
    {
        _shelf.FailWith(new FormatException());
        foreach (var slug in (string[])["one", "two", "three"]) await _shelf.PublishAsync(slug);
        var errors = await _shelf.ErrorsAsync(3);

        _shelf.Mend();
        Assert.Equal(1, await _shelf.ReplayAsync("shelf-post_error", errors[1].GetProperty("id").GetString()!));

        await Eventually.TrueAsync(() => Task.FromResult(_shelf.Watch.Seen.Count == 1), "one heard");
        Assert.Equal([errors[0].GetProperty("id").GetString(), errors[2].GetProperty("id").GetString()], (await _shelf.ErrorsAsync()).Select(e => e.GetProperty("id").GetString()));
        Assert.Equal(2, await _shelf.ReplayAsync("shelf-post"));
        await _shelf.HeardAsync("one", "two", "three");
    }

    [Fact]
    public async Task Looking_at_an_error_as_often_as_one_likes_never_loses_it()
    {
        _shelf.FailWith(new FormatException());
        await _shelf.PublishAsync("looked-at");
        var id = Assert.Single(await _shelf.ErrorsAsync(1)).GetProperty("id").GetString();

        // Quorum queues drop a message after 20 deliveries that nobody acknowledged.
        for (var look = 0; look < 50; look++) Assert.Equal(id, Assert.Single(await _shelf.ErrorsAsync()).GetProperty("id").GetString());

        _shelf.Mend();
        await _shelf.ReplayAsync("shelf-post_error");
        await _shelf.HeardAsync("looked-at");
    }

    [Fact]
    public async Task What_was_delivered_too_often_without_an_answer_is_listed_and_replayed_from_the_dead_letter_queue()
    {
        await _broker.PublishAsync("amq.default", "shelf-post_dead", """{"messageId":"x","messageType":["urn:message:Newsletter.Contracts:PostChanged"],"message":{"post":null}}""", "dead-1");
        await Eventually.TrueAsync(async () => await _broker.QueueAsync("shelf-post_dead") is { } q && (int?)q["messages"] == 1, "a dead message");

        var dead = Assert.Single(await _shelf.ErrorsAsync(1));
        Assert.Equal("shelf-post_dead", dead.GetProperty("queue").GetString());
        Assert.Equal("PostChanged", dead.GetProperty("type").GetString());
        Assert.Equal(1, await _shelf.ReplayAsync("shelf-post_dead", "dead-1"));
        Assert.Empty(await _shelf.ErrorsAsync("?queue=shelf-post_dead"));
    }

    [Theory]
    [InlineData("error move")]
    [InlineData("error acknowledge")]
    public async Task A_replay_that_is_cut_off_before_or_after_its_copy_is_confirmed_loses_nothing(string step)
    {
        _shelf.FailWith(new FormatException());
        await _shelf.PublishAsync("cut-off");
        await _shelf.ErrorsAsync(1);
        _shelf.Mend();

        using (var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Newsletter.Outbox",
            Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStarted = activity => { if (activity.OperationName == step) _link.Cut(); },
        })
        {
            ActivitySource.AddActivityListener(listener);
            using var answer = await _shelf.Operator.PostAsJsonAsync("/api/v1/operations/shelf/errors/replay", new { queue = "shelf-post_error" }, TestContext.Current.CancellationToken);
            if (step == "error move") Assert.True(answer.StatusCode == HttpStatusCode.ServiceUnavailable, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        }
        _link.Mend();

        // Its copy was not acknowledged: it is there still, and perhaps in its queue as well.
        await Eventually.TrueAsync(async () =>
        {
            using var errors = await _shelf.GetAsync(Role.Operator, "/errors");
            return errors.IsSuccessStatusCode && (await errors.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("items").GetArrayLength() == 1;
        }, "the message in its error queue", TimeSpan.FromSeconds(60));
        await _shelf.ReplayAsync("shelf-post_error");
        await Eventually.TrueAsync(() => Task.FromResult(_shelf.Watch.Seen.Contains("cut-off")), "the message", TimeSpan.FromSeconds(60));
    }

    [Fact]
    public async Task Depths_tell_what_waits_and_what_failed()
    {
        _shelf.FailWith(new FormatException());
        await _shelf.PublishAsync("deep");
        await _shelf.ErrorsAsync(1);
        var held = new TaskCompletionSource();
        _shelf.Posts.OnPost = _ => held.Task;
        // As many as the process fetches ahead (16), and some.
        for (var n = 0; n < 20; n++) await _shelf.PublishAsync($"waiting-{n}");

        (string?, long, long, long, long) wanted = ("shelf-post", 4, 1, 1, 0), seen = default;
        try
        {
            await Eventually.TrueAsync(async () => (seen = await DepthsAsync()) == wanted, "four that wait, one that failed", TimeSpan.FromSeconds(60));
        }
        catch (TimeoutException)
        {
            Assert.Equal(wanted, seen);
        }
        held.SetResult();
    }

    private async Task<(string?, long, long, long, long)> DepthsAsync()
    {
        var queue = Assert.Single((await _shelf.ShowAsync()).GetProperty("queues").EnumerateArray());
        return (queue.GetProperty("name").GetString(), Of("messages"), Of("consumers"), Of("errors"), Of("dead"));

        long Of(string what) => queue.GetProperty(what).GetInt64();
    }

    [Fact]
    public async Task While_the_broker_is_away_the_answer_says_so_and_what_waits_is_counted()
    {
        _link.Cut();
        await _shelf.PublishAsync("waiting");
        var shown = await Eventually.GetAsync(async () => await _shelf.ShowAsync() is var s && s.GetProperty("outbox").GetProperty("failing").GetInt32() == 1 ? new { Body = s } : null,
            "a failing row", TimeSpan.FromSeconds(60));

        Assert.Equal(JsonValueKind.Null, shown.Body.GetProperty("queues").ValueKind);
        Assert.Contains("away", shown.Body.GetProperty("queuesError").GetString(), StringComparison.Ordinal);
        using var errors = await _shelf.GetAsync(Role.Operator, "/errors");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, errors.StatusCode);

        _link.Mend();
        await Eventually.TrueAsync(() => Task.FromResult(_shelf.Watch.Seen.Contains("waiting")), "what waited", TimeSpan.FromMinutes(2));
    }

    [Theory]
    [InlineData(Role.Owner, HttpStatusCode.Forbidden)]
    [InlineData(Role.Reader, HttpStatusCode.Forbidden)]
    [InlineData(null, HttpStatusCode.Unauthorized)]
    public async Task Nobody_but_operators_is_let_in(Role? role, HttpStatusCode refusal)
    {
        foreach (var path in (string[])["", "/errors"])
        {
            using var answer = await _shelf.GetAsync(role, path);
            Assert.Equal(refusal, answer.StatusCode);
        }
        using var replay = await (role is { } known ? _shelf.Service.As(known, null) : _shelf.Service.Anonymous())
            .PostAsJsonAsync("/api/v1/operations/shelf/errors/replay", new { queue = "shelf-post_error" }, TestContext.Current.CancellationToken);
        Assert.Equal(refusal, replay.StatusCode);
    }
}
