using System.Net;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Shelf;

namespace Newsletter.Defaults.Tests.Bus;

/// <summary>The broker is away, or knows no queue for what we say: nothing is lost, and saving goes on.</summary>
public sealed class OutageTests : IAsyncLifetime
{
    private static readonly TimeSpan BackAfter = TimeSpan.FromSeconds(60);
    private TestDatabase _database = null!;
    private TestBroker _broker = null!;
    private FaultyLink _link = null!;
    private Uri _throughLink = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync();
        _broker = await TestBroker.CreateAsync();
        _link = FaultyLink.To(_broker.Address, out _throughLink);
    }

    public async ValueTask DisposeAsync()
    {
        await _link.DisposeAsync();
        await _broker.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_process_starts_without_its_broker_and_speaks_when_it_is_there()
    {
        _link.Cut();
        await using var shelf = await ShelfProcess.StartAsync(_database.ConnectionString, _throughLink);
        await shelf.PublishPostAsync("early");
        using var client = new HttpClient();
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync(new Uri(shelf.Address, "/health/ready"), TestContext.Current.CancellationToken)).StatusCode);
        Assert.Equal(1, await shelf.WaitingAsync());

        _link.Mend();
        await HeardAsync(shelf, "early");
        await shelf.OutboxEmptyAsync();
    }

    [Fact]
    public async Task What_is_saved_while_the_broker_is_away_flows_when_it_is_back()
    {
        await using var shelf = await ShelfProcess.StartAsync(_database.ConnectionString, _throughLink);
        await shelf.PublishPostAsync("before");
        await HeardAsync(shelf, "before");
        await shelf.OutboxEmptyAsync();

        _link.Cut();
        foreach (var slug in (string[])["one", "two", "three"]) await shelf.PublishPostAsync(slug);
        await Eventually.TrueAsync(() => shelf.WithDbAsync(db => db.Outbox.AllAsync(m => m.Attempts > 0)), "failed attempts", BackAfter);
        Assert.Equal(3, await shelf.WaitingAsync());

        _link.Mend();
        foreach (var slug in (string[])["one", "two", "three"]) await HeardAsync(shelf, slug);
        await shelf.OutboxEmptyAsync();
    }

    [Fact]
    public async Task Everything_flows_however_often_the_connection_breaks_meanwhile()
    {
        await using var shelf = await ShelfProcess.StartAsync(_database.ConnectionString, _throughLink);
        await shelf.PublishPostAsync("before");
        await HeardAsync(shelf, "before");

        var slugs = Enumerable.Range(0, 1600).Select(n => $"post-{n}").ToList();
        foreach (var some in slugs.Chunk(400))
        {
            var heard = shelf.Watch.Seen.Count;
            await shelf.PublishAsync(some.Select(slug => new PostChanged(ShelfProcess.Post(slug))).ToArray());
            await Eventually.TrueAsync(() => Task.FromResult(shelf.Watch.Seen.Count > heard), "some of them heard", BackAfter);
            _link.Cut();
            _link.Mend();
            var left = await shelf.WaitingAsync();
            if (left > 0) await Eventually.TrueAsync(async () => await shelf.WaitingAsync() < left, "the outbox shrinking again", BackAfter);
        }

        await shelf.OutboxEmptyAsync(2 * BackAfter);
        await Eventually.TrueAsync(() => Task.FromResult(slugs.All(shelf.Watch.Seen.ToHashSet().Contains)), "all heard", BackAfter);
    }

    [Fact]
    public async Task A_publish_that_never_comes_back_is_made_again_and_holds_up_nothing()
    {
        await using var shelf = await ShelfProcess.StartAsync(_database.ConnectionString, _broker.Address);
        shelf.Services.GetRequiredService<IBus>().ConnectPublishObserver(new LostForGood("stuck"));

        await shelf.PublishPostAsync("stuck");
        await HeardAsync(shelf, "stuck");
        await shelf.PublishPostAsync("next");
        await HeardAsync(shelf, "next");
        await shelf.OutboxEmptyAsync();
    }

    [Fact]
    public async Task What_no_queue_takes_stays_in_the_outbox_with_its_error()
    {
        await using var shelf = await ShelfProcess.StartAsync(_database.ConnectionString, _broker.Address, _ => { });
        await shelf.PublishPostAsync("unheard");
        string? error = null;
        await Eventually.TrueAsync(async () => (error = await shelf.WithDbAsync(db => db.Outbox.Select(m => m.Error).SingleAsync())) == "RabbitMQ.Client.Exceptions.PublishReturnException",
            () => $"a message that came back; its error: {error}", TimeSpan.FromSeconds(60));

        await using var second = await ShelfProcess.StartAsync(_database.ConnectionString, _broker.Address, c => c.AddPerProcess<PostWatcher>());
        await HeardAsync(second, "unheard");
        await shelf.OutboxEmptyAsync();
    }

    [Fact]
    public async Task A_service_with_empty_copies_asks_for_them_once_in_its_life()
    {
        await using var other = await TestDatabase.CreateAsync();
        await using var owner = await ShelfProcess.StartAsync(other.ConnectionString, _broker.Address, c => c.AddPerProcess<RequestWatcher>());
        for (var start = 0; start < 2; start++)
        {
            await using var shelf = await ShelfProcess.StartAsync(_database.ConnectionString, _broker.Address,
                c => c.AddCopy<GrantConsumer, GrantsChanged>().AddCopy<PublicationConsumer, PublicationChanged>());
            await Eventually.TrueAsync(() => Task.FromResult(owner.Watch.Seen.Count == 2), "both requests");
            await shelf.OutboxEmptyAsync();
        }
        Assert.Equal(["GrantsChanged", "PublicationChanged"], owner.Watch.Seen.Order());
    }

    private static Task HeardAsync(ShelfProcess shelf, string slug) =>
        Eventually.TrueAsync(() => Task.FromResult(shelf.Watch.Seen.Contains(slug)), $"{slug} heard", BackAfter);

    /// <summary>Holds the first publish of a post for ever, as a client does whose connection broke at the wrong moment.</summary>
    private sealed class LostForGood(string slug) : IPublishObserver
    {
        private int _met;

        public Task PrePublish<T>(PublishContext<T> context) where T : class =>
            context.Message is PostChanged { Post.Slug: var published } && published == slug && Interlocked.Increment(ref _met) == 1 ? new TaskCompletionSource().Task : Task.CompletedTask;

        public Task PostPublish<T>(PublishContext<T> context) where T : class => Task.CompletedTask;
        public Task PublishFault<T>(PublishContext<T> context, Exception exception) where T : class => Task.CompletedTask;
    }
}
