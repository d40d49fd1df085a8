using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Shelf;

namespace Newsletter.Defaults.Tests.Copies;

public sealed class CopiesOnPostgres() : CopyTests(DatabaseKind.Postgres);

public sealed class CopiesOnSqlite() : CopyTests(DatabaseKind.Sqlite);

/// <summary>Whatever the bus does with events (repeats, disorder, several at once), a copy ends as its owner's row.</summary>
public abstract class CopyTests(DatabaseKind kind) : IAsyncLifetime
{
    private static readonly Guid Publication = Guid.CreateVersion7();
    private TestDatabase _database = null!;
    private ShelfProcess _shelf = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await TestDatabase.CreateAsync(kind);
        _shelf = await ShelfProcess.StartAsync(_database.ConnectionString, broker: null,
            c => c.AddCopy<GrantConsumer, GrantsChanged>().AddCopy<PublicationConsumer, PublicationChanged>());
    }

    public async ValueTask DisposeAsync()
    {
        await _shelf.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task A_repeat_and_an_older_snapshot_write_nothing()
    {
        var id = Guid.CreateVersion7();
        await DeliverAsync(Grant(id, 5, "gold"));
        await DeliverAsync(Grant(id, 5, "gold"));
        await DeliverAsync(Grant(id, 4, "silver"));

        var copy = await ReadAsync(id);
        Assert.Equal(("gold", 5, 1), (copy.Tier, copy.Version, copy.Writes));
    }

    [Fact]
    public async Task The_newest_of_several_snapshots_in_one_event_stays()
    {
        var id = Guid.CreateVersion7();
        await DeliverAsync(Grant(id, 2, "silver"), Grant(id, 9, "gold"), Grant(id, 3, "bronze"));

        Assert.Equal("gold", (await ReadAsync(id)).Tier);
    }

    [Fact]
    public async Task What_was_deleted_stays_away_when_an_older_event_comes_late()
    {
        var id = Guid.CreateVersion7();
        await DeliverAsync(Grant(id, 7, "") with { Deleted = true });
        await DeliverAsync(Grant(id, 6, "gold"));

        var copy = await ReadAsync(id);
        Assert.True(copy.Deleted);
        Assert.Equal("", copy.Tier);
        await DeliverAsync(Grant(id, 8, "silver"));
        Assert.False((await ReadAsync(id)).Deleted);
    }

    [Fact]
    public async Task Consumers_of_the_same_rows_at_once_end_with_the_newest()
    {
        var ids = Enumerable.Range(0, 5).Select(_ => Guid.CreateVersion7()).ToList();
        var events = Enumerable.Range(1, 24).Select(version => ids.Select(id => Grant(id, version, $"tier-{version}")).ToArray()).ToArray();
        Random.Shared.Shuffle(events);

        await Task.WhenAll(events.Select(DeliverAsync));

        foreach (var id in ids) Assert.Equal("tier-24", (await ReadAsync(id)).Tier);
    }

    [Fact]
    public async Task A_resync_buries_what_its_owner_no_longer_has_when_the_last_part_is_in()
    {
        var (kept, gone, changed) = (Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7());
        await DeliverAsync(Grant(kept, 10, "gold"), Grant(gone, 11, "gold"), Grant(changed, 12, "gold"));
        var resync = Guid.CreateVersion7();

        await ResyncAsync(resync, 2, Grant(changed, 1002, "silver"));
        await ResyncAsync(resync, 2, Grant(changed, 1002, "silver"));
        Assert.False((await ReadAsync(gone)).Deleted);
        await ResyncAsync(resync, 1, Grant(kept, 1001, "gold"));

        Assert.Equal("gold", (await ReadAsync(kept)).Tier);
        Assert.Equal("silver", (await ReadAsync(changed)).Tier);
        Assert.True((await ReadAsync(gone)).Deleted);
        await DeliverAsync(Grant(gone, 11, "gold"));
        Assert.True((await ReadAsync(gone)).Deleted);

        Task ResyncAsync(Guid id, int part, params GrantSnapshot[] grants) =>
            _shelf.DeliverAsync(new Resync<GrantsChanged>(id, 1000, part, 2, new(Publication, grants)));
    }

    [Fact]
    public async Task A_row_made_while_the_resync_ran_is_not_buried()
    {
        var (old, young) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await DeliverAsync(Grant(young, 2_000, "gold"));
        await _shelf.DeliverAsync(new Resync<GrantsChanged>(Guid.CreateVersion7(), 1_500, 1, 1, new(Publication, [Grant(old, 1_500, "gold")])));

        Assert.False((await ReadAsync(young)).Deleted);
    }

    [Fact]
    public async Task An_owner_restored_from_a_backup_and_resynced_is_agreed_with()
    {
        var (row, madeAfterBackup) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var time = new ShiftedTime();
        var backedUp = HybridVersion(0, time);
        await DeliverAsync(Grant(row, backedUp, "silver"));
        time.Advance(TimeSpan.FromHours(1));
        await DeliverAsync(Grant(row, HybridVersion(backedUp, time), "gold"), Grant(madeAfterBackup, HybridVersion(0, time), "gold"));

        time.Advance(TimeSpan.FromHours(1));
        var since = Defaults.Storage.HybridClock.Now(time);
        await _shelf.DeliverAsync(new Resync<GrantsChanged>(Guid.CreateVersion7(), since, 1, 1, new(Publication, [Grant(row, HybridVersion(backedUp, time), "silver")])));

        Assert.Equal("silver", (await ReadAsync(row)).Tier);
        Assert.True((await ReadAsync(madeAfterBackup)).Deleted);

        static long HybridVersion(long last, TimeProvider time) => Defaults.Storage.HybridClock.Next(last, time);
    }

    [Fact]
    public async Task A_publication_is_found_by_its_newest_slug_and_not_after_its_deletion()
    {
        var snapshot = new PublicationSnapshot { Id = Guid.CreateVersion7(), Version = 1, Slug = "early", Name = "Papers", BaseUrl = "http://localhost/early" };
        await _shelf.DeliverAsync(new PublicationChanged(snapshot));
        await _shelf.DeliverAsync(new PublicationChanged(snapshot with { Version = 2, Slug = "late" }));
        Assert.Null(await FindAsync("early"));
        Assert.Equal("Papers", (await FindAsync("late"))!.Name);

        await _shelf.DeliverAsync(new PublicationChanged(snapshot with { Version = 3, Deleted = true }));
        Assert.Null(await FindAsync("late"));

        Task<PublicationSnapshot?> FindAsync(string slug) => _shelf.WithDbAsync(db => db.FindPublicationAsync(slug, TestContext.Current.CancellationToken));
    }

    private Task DeliverAsync(params GrantSnapshot[] grants) => _shelf.DeliverAsync(new GrantsChanged(Publication, grants));

    private Task<GrantCopy> ReadAsync(Guid id) =>
        _shelf.WithDbAsync(db => db.Grants.AsNoTracking().SingleAsync(g => g.Id == id, TestContext.Current.CancellationToken));

    private static GrantSnapshot Grant(Guid id, long version, string tier) => new() { Id = id, PublicationId = Publication, Version = version, Tier = tier };
}
