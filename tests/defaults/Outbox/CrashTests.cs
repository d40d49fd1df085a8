using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Shelf;

namespace Newsletter.Defaults.Tests.Outbox;

/// <summary>A process is killed before or after each step of its outbox; the next one brings every message through.</summary>
public sealed class CrashTests
{
    private const int KilledBySignal9 = 137;

    public static TheoryData<string, string, int, int> Moments => new()
    {
        // step, moment, messages, how often the first of them arrives (0: once or twice, several are under way at that moment)
        { "outbox claim", "before", 1, 1 },
        { "outbox claim", "after", 1, 1 },
        { "outbox publish", "before", 1, 1 },
        { "outbox publish", "after", 1, 2 },
        { "outbox delete", "before", 1, 2 },
        { "outbox delete", "after", 1, 1 },
        { "outbox publish", "after", 5, 0 },
        { "outbox delete", "before", 5, 0 },
    };

    [Theory, MemberData(nameof(Moments))]
    public async Task Nothing_is_lost_with_the_bus_in_the_same_process(string step, string moment, int messages, int times)
    {
        await using var database = await TestDatabase.CreateAsync(DatabaseKind.Sqlite);
        var slugs = await SaveAsync(database, messages);
        await DieAsync(database, broker: null, step, moment);

        await using var next = await ShelfProcess.StartAsync(database.ConnectionString, broker: null, c => c.Add<PostRecorder>());
        await next.OutboxEmptyAsync();
        Check(slugs, times, await next.WithDbAsync(db => db.Notes.Select(n => n.Text).ToListAsync(TestContext.Current.CancellationToken)));
    }

    [Theory, MemberData(nameof(Moments))]
    public async Task Nothing_is_lost_on_the_way_to_the_broker(string step, string moment, int messages, int times)
    {
        await using var broker = await TestBroker.CreateAsync();
        await using var hearersDatabase = await TestDatabase.CreateAsync();
        await using var hearer = await ShelfProcess.StartAsync(hearersDatabase.ConnectionString, broker.Address);
        await broker.BoundAsync<PostChanged>("shelf-post");
        await using var database = await TestDatabase.CreateAsync();
        var slugs = await SaveAsync(database, messages);
        await DieAsync(database, broker.Address, step, moment);

        await using var next = await ShelfProcess.StartAsync(database.ConnectionString, broker.Address, _ => { });
        await next.OutboxEmptyAsync();
        await Eventually.TrueAsync(async () => await broker.QueueAsync("shelf-post") is { } q && (int?)q["messages"] == 0
            && hearer.Watch.Seen.Count >= Math.Max(times, messages), "all heard", TimeSpan.FromSeconds(60));
        Check(slugs, times, [.. hearer.Watch.Seen]);
    }

    private static async Task<IReadOnlyList<string>> SaveAsync(TestDatabase database, int messages)
    {
        var slugs = Enumerable.Range(1, messages).Select(n => $"post-{n}").ToList();
        await using var db = ShelfProcess.Open(database.ConnectionString);
        await db.Database.EnsureCreatedAsync(TestContext.Current.CancellationToken);
        foreach (var slug in slugs) db.Publish(new PostChanged(ShelfProcess.Post(slug)));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return slugs;
    }

    private static async Task DieAsync(TestDatabase database, Uri? broker, string step, string moment)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in (string[])[typeof(ShelfProcess).Assembly.Location, database.ConnectionString, broker?.AbsoluteUri ?? "-", step, moment])
            start.ArgumentList.Add(argument);
        using var victim = Process.Start(start)!;
        var output = Task.WhenAll(victim.StandardOutput.ReadToEndAsync(), victim.StandardError.ReadToEndAsync());
        await victim.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(victim.ExitCode == KilledBySignal9, string.Join('\n', await output));
    }

    private static void Check(IReadOnlyList<string> slugs, int times, IReadOnlyList<string> arrived)
    {
        Assert.Equal(slugs.Order(), arrived.Distinct().Order());
        Assert.All(arrived.CountBy(slug => slug), count =>
        {
            if (times > 0) Assert.Equal(times, count.Value);
            else Assert.InRange(count.Value, 1, 2);
        });
    }
}
