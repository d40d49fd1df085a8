using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Shelf;

namespace Newsletter.Defaults.Tests.Outbox;

public sealed class RelayTests
{
    [Fact]
    public async Task Several_relays_share_the_rows_and_send_each_once()
    {
        const int messages = 300;
        await using var broker = await TestBroker.CreateAsync();
        await using var hearersDatabase = await TestDatabase.CreateAsync();
        await using var database = await TestDatabase.CreateAsync();
        await using var hearer = await ShelfProcess.StartAsync(hearersDatabase.ConnectionString, broker.Address);
        await using var first = await ShelfProcess.StartAsync(database.ConnectionString, broker.Address, _ => { });
        await using var second = await ShelfProcess.StartAsync(database.ConnectionString, broker.Address, _ => { });
        await using var third = await ShelfProcess.StartAsync(database.ConnectionString, broker.Address, _ => { });
        await broker.BoundAsync<PostChanged>("shelf-post");

        foreach (var numbers in Enumerable.Range(0, messages).Chunk(30))
        {
            var posts = numbers.Select(n => new PostChanged(ShelfProcess.Post($"post-{n}"))).ToArray();
            await Task.WhenAll(first.PublishAsync(posts[..10]), second.PublishAsync(posts[10..20]), third.PublishAsync(posts[20..]));
        }

        await first.OutboxEmptyAsync();
        await Eventually.TrueAsync(() => Task.FromResult(hearer.Watch.Seen.Count >= messages), "all heard");
        Assert.Equal(Enumerable.Range(0, messages).Select(n => $"post-{n}").Order(), hearer.Watch.Seen.Order());
    }

    [Theory, InlineData(DatabaseKind.Sqlite), InlineData(DatabaseKind.Postgres)]
    public async Task A_slow_consumer_holds_up_only_its_own_row_and_has_it_once(DatabaseKind kind)
    {
        await using var database = await TestDatabase.CreateAsync(kind);
        await using var shelf = await ShelfProcess.StartAsync(database.ConnectionString, broker: null);
        var gate = new TaskCompletionSource();
        var started = new ConcurrentQueue<string>();
        shelf.Posts.OnPost = context =>
        {
            started.Enqueue(context.Message.Post.Slug);
            return context.Message.Post.Slug == "slow" ? gate.Task : Task.CompletedTask;
        };

        await shelf.PublishPostAsync("slow");
        await Eventually.TrueAsync(() => Task.FromResult(started.Contains("slow")), "slow under way");
        for (var n = 0; n < 40; n++) await shelf.PublishPostAsync($"quick-{n}");
        await Eventually.TrueAsync(async () => await shelf.WaitingAsync() == 1, "the others through");

        gate.SetResult();
        await shelf.OutboxEmptyAsync();
        Assert.Single(started, "slow");
        Assert.Equal(41, started.Count);
    }

    [Fact]
    public async Task A_failing_message_stays_with_its_error_and_comes_through_later()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shelf = await ShelfProcess.StartAsync(database.ConnectionString, broker: null);
        var broken = true;
        var gate = new TaskCompletionSource();
        shelf.Posts.OnPost = async context =>
        {
            if (context.Message.Post.Slug != "bad") return;
            await gate.Task;
            if (broken) throw new FormatException("unreadable");
        };

        await shelf.PublishPostAsync("bad");
        await shelf.PublishPostAsync("good");
        await Eventually.TrueAsync(() => Task.FromResult(shelf.Watch.Seen.Contains("good")), "good heard");
        gate.SetResult();
        await Eventually.TrueAsync(() => shelf.WithDbAsync(db => db.Outbox.AnyAsync(m => m.Attempts == 1)), "a failed attempt");
        var row = await shelf.WithDbAsync(db => db.Outbox.SingleAsync(TestContext.Current.CancellationToken));
        Assert.Equal("System.FormatException", row.Error);
        Assert.True(row.DueAt > row.CreatedAt.AddSeconds(1));

        broken = false;
        await shelf.OutboxEmptyAsync();
        Assert.Equal(["good", "bad"], shelf.Watch.Seen);
    }

    [Fact]
    public async Task What_was_rolled_back_is_never_sent()
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        await using var shelf = await ShelfProcess.StartAsync(database.ConnectionString, broker: null);
        await shelf.WithDbAsync(async db =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync();
            db.Publish(new PostChanged(ShelfProcess.Post("never")));
            await db.SaveChangesAsync();
            await transaction.RollbackAsync();
            return 0;
        });
        await shelf.PublishPostAsync("kept");
        await Eventually.TrueAsync(() => Task.FromResult(shelf.Watch.Seen.Contains("kept")), "kept heard");
        await shelf.OutboxEmptyAsync();
        Assert.Equal(["kept"], shelf.Watch.Seen);
    }
}
