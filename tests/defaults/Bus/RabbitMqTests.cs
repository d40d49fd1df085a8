using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Shelf;

namespace Newsletter.Defaults.Tests.Bus;

public sealed class RabbitMqTests : IAsyncLifetime
{
    private TestDatabase _database = null!;
    private TestBroker _broker = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _broker = await TestBroker.CreateAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _broker.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Queues_are_quorum_queues_with_a_delivery_limit_and_a_dead_letter_queue()
    {
        await using var shelf = await StartAsync(c => c.Add<PostConsumer>().AddCopy<GrantConsumer, GrantsChanged>());

        foreach (var name in (string[])["shelf-post", "shelf-grant", "shelf-resync-grants-changed"])
        {
            var queue = await Eventually.GetAsync(() => _broker.QueueAsync(name), $"queue {name}");
            Assert.Equal("quorum", (string?)queue["type"]);
            Assert.Equal(20, (int?)queue["arguments"]!["x-delivery-limit"]);
            Assert.Equal($"{name}_dead", (string?)queue["arguments"]!["x-dead-letter-exchange"]);
            Assert.NotNull(await Eventually.GetAsync(() => _broker.QueueAsync($"{name}_dead"), $"queue {name}_dead"));
        }
    }

    [Fact]
    public async Task An_event_arrives_whole_with_words_for_its_enums_and_the_row_s_id()
    {
        var arrived = new ConcurrentQueue<(ConsumeContext<PostChanged> Context, string Wire)>();
        await using var shelf = await StartBoundAsync();
        shelf.Posts.OnPost = context =>
        {
            // Read here: the client uses the buffer for the next message once this one is acknowledged.
            arrived.Enqueue((context, context.ReceiveContext.Body.GetString()));
            return Task.CompletedTask;
        };
        var post = new PostChanged(ShelfProcess.Post("whole"));
        Guid row = default;
        await shelf.WithDbAsync(async db =>
        {
            db.Publish(post);
            row = db.Outbox.Local.Single().Id;
            return await db.SaveChangesAsync();
        });
        await shelf.OutboxEmptyAsync();

        await Eventually.TrueAsync(() => Task.FromResult(!arrived.IsEmpty), "the post");
        var (context, wire) = arrived.First();
        Assert.Equal(JsonSerializer.Serialize(post, Json.Options), JsonSerializer.Serialize(context.Message, Json.Options));
        Assert.Equal(row, context.MessageId);
        Assert.Contains("\"kind\":\"digest\"", wire, StringComparison.Ordinal);
        Assert.Contains("\"level\":\"paid\"", wire, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_trace_runs_from_the_saved_change_to_the_consumer()
    {
        using var listener = new ActivityListener { ShouldListenTo = s => s.Name is "test" or "MassTransit" or "Newsletter.Outbox", Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded };
        ActivitySource.AddActivityListener(listener);
        var seen = new TaskCompletionSource<ActivityTraceId>();
        await using var shelf = await StartBoundAsync();
        shelf.Posts.OnPost = _ =>
        {
            seen.TrySetResult(Activity.Current!.TraceId);
            return Task.CompletedTask;
        };

        using var source = new ActivitySource("test");
        using (var start = source.StartActivity("publish")!)
        {
            await shelf.PublishPostAsync("traced");
            Assert.Equal(start.TraceId, await seen.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken));
        }
    }

    [Fact]
    public async Task Every_process_hears_what_it_keeps_in_memory_and_its_queue_goes_with_it()
    {
        await using var first = await StartAsync(c => c.AddPerProcess<PostWatcher>());
        var second = await StartAsync(c => c.AddPerProcess<PostWatcher>());
        await Eventually.TrueAsync(async () => (await _broker.QueuesAsync()).Count(IsWatcher) == 2, "two queues");

        await first.PublishPostAsync("both");
        await Eventually.TrueAsync(() => Task.FromResult(first.Watch.Seen.Contains("both") && second.Watch.Seen.Contains("both")), "both to hear");

        await second.DisposeAsync();
        await Eventually.TrueAsync(async () => (await _broker.QueuesAsync()).Count(IsWatcher) == 1, "one queue");

        static bool IsWatcher(System.Text.Json.Nodes.JsonObject queue) => ((string)queue["name"]!).StartsWith("shelf-post-watcher-", StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_fails_five_times_ends_in_the_error_queue_and_holds_up_nothing_else()
    {
        var tries = 0;
        var good = new TaskCompletionSource();
        await using var shelf = await StartBoundAsync();
        shelf.Posts.OnPost = context =>
        {
            if (context.Message.Post.Slug == "good") good.TrySetResult();
            else
            {
                Interlocked.Increment(ref tries);
                throw new FormatException("unreadable");
            }
            return Task.CompletedTask;
        };

        await shelf.PublishPostAsync("bad");
        await shelf.PublishPostAsync("good");

        await good.Task.WaitAsync(TimeSpan.FromSeconds(60), TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => await _broker.QueueAsync("shelf-post_error") is { } q && (int?)q["messages"] == 1, "message in _error");
        Assert.Equal(5, tries);
        var message = Assert.Single(await _broker.PeekAsync("shelf-post_error"));
        Assert.Equal("System.FormatException", (string?)message["properties"]!["headers"]!["MT-Fault-ExceptionType"]);
    }

    [Fact]
    public async Task A_message_waits_while_the_database_is_away()
    {
        await using var shelf = await StartAsync(c => c.AddCopy<GrantConsumer, GrantsChanged>());
        var other = await TestDatabase.CreateAsync();
        await using var _ = other;
        await using var owner = await ShelfProcess.StartAsync(other.ConnectionString, _broker.Address, _ => { });
        var grant = new GrantSnapshot { Id = Guid.CreateVersion7(), PublicationId = Guid.CreateVersion7(), Version = 1, Tier = "gold" };

        await _database.SetAwayAsync(true);
        await owner.PublishAsync(new GrantsChanged(grant.PublicationId, [grant]));
        await owner.OutboxEmptyAsync();
        await Eventually.TrueAsync(async () => await _broker.QueueAsync("shelf-grant") is { } q && (int?)q["messages_unacknowledged"] == 1, "message under way");
        await _database.SetAwayAsync(false);

        await Eventually.TrueAsync(() => shelf.WithDbAsync(db => db.Grants.AnyAsync(g => g.Id == grant.Id && g.Tier == "gold")), "the copy");
        Assert.Null(await _broker.QueueAsync("shelf-grant_error"));
    }

    private async Task<ShelfProcess> StartBoundAsync()
    {
        var shelf = await StartAsync();
        await _broker.BoundAsync<PostChanged>("shelf-post");
        return shelf;
    }

    private Task<ShelfProcess> StartAsync(Action<Defaults.Bus.ServiceConsumers>? consumers = null) =>
        ShelfProcess.StartAsync(_database.ConnectionString, _broker.Address, consumers);
}
