using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Copies;

public interface ICopyConsumer<TEvent> : IConsumer<TEvent> where TEvent : class
{
    Task ResyncAsync(Resync<TEvent> part, CancellationToken cancellation);

    /// <summary>Asks the owner for all its rows, once in the life of this database.</summary>
    Task RequestAsync(CancellationToken cancellation);
}

/// <summary>
/// Keeps one table per source event: writes only what is newer, so repeats and disorder do nothing. Two consumers of the same row
/// collide on its version or its key, and the loser is retried by the bus.
/// </summary>
public abstract class CopyConsumer<TDb, TEvent, TSnapshot, TCopy>(TDb db) : ICopyConsumer<TEvent>
    where TDb : ServiceDb where TEvent : class where TSnapshot : ISnapshot where TCopy : Copy<TSnapshot>, new()
{
    private const int BuryAtOnce = 500;

    protected TDb Db { get; } = db;

    protected abstract IReadOnlyList<TSnapshot> SnapshotsOf(TEvent changed);

    /// <summary>Work that follows from the rows that were newer; saved with them.</summary>
    protected virtual Task FollowAsync(IReadOnlyList<TCopy> changed, CancellationToken cancellation) => Task.CompletedTask;

    public Task Consume(ConsumeContext<TEvent> context) => ApplyAsync(SnapshotsOf(context.Message), context.CancellationToken);

    public async Task RequestAsync(CancellationToken cancellation)
    {
        var name = typeof(TEvent).Name;
        if (await Db.ResyncRequests.AnyAsync(r => r.Event == name, cancellation)) return;
        Db.ResyncRequests.Add(new() { Event = name, RequestedAt = TimeProvider.System.GetUtcNow() });
        Db.Publish(new RequestResync(name));
        await Db.SaveChangesAsync(cancellation);
    }

    private async Task ApplyAsync(IReadOnlyList<TSnapshot> snapshots, CancellationToken cancellation)
    {
        Db.ChangeTracker.Clear();
        await TakeAsync(snapshots, cancellation);
        await Db.SaveChangesAsync(cancellation);
    }

    private async Task TakeAsync(IReadOnlyList<TSnapshot> snapshots, CancellationToken cancellation)
    {
        var ids = snapshots.Select(s => s.Id).ToList();
        var held = await Db.Set<TCopy>().Where(c => ids.Contains(c.Id)).ToDictionaryAsync(c => c.Id, cancellation);
        List<TCopy> changed = [];
        foreach (var snapshot in snapshots)
        {
            if (!held.TryGetValue(snapshot.Id, out var copy))
            {
                held[snapshot.Id] = copy = new TCopy();
                copy.Take(snapshot);
                Db.Add(copy);
                changed.Add(copy);
            }
            else if (copy.Take(snapshot)) changed.Add(copy);
        }
        if (changed.Count > 0) await FollowAsync(changed, cancellation);
    }

    /// <summary>Parts come in any order; with the last one, rows that the owner did not send are buried.</summary>
    public async Task ResyncAsync(Resync<TEvent> part, CancellationToken cancellation)
    {
        Db.ChangeTracker.Clear();
        await TakeAsync(SnapshotsOf(part.Changed), cancellation);
        if (!await Db.ResyncParts.AnyAsync(p => p.ResyncId == part.ResyncId && p.Part == part.Part, cancellation))
            Db.ResyncParts.Add(new() { ResyncId = part.ResyncId, Part = part.Part });
        await Db.SaveChangesAsync(cancellation);
        if (await Db.ResyncParts.CountAsync(p => p.ResyncId == part.ResyncId, cancellation) < part.Parts) return;

        while (true)
        {
            Db.ChangeTracker.Clear();
            var unseen = await Db.Set<TCopy>().Where(c => c.Version < part.Since && !c.Deleted).Take(BuryAtOnce).ToListAsync(cancellation);
            if (unseen.Count == 0) break;
            foreach (var copy in unseen) copy.Bury(part.Since);
            await FollowAsync(unseen, cancellation);
            await Db.SaveChangesAsync(cancellation);
        }
    }
}

/// <summary>Resyncs have a queue of their own so that they do not delay what happens now.</summary>
internal sealed class ResyncConsumer<TConsumer, TEvent>(TConsumer copies) : IConsumer<Resync<TEvent>>
    where TConsumer : class, ICopyConsumer<TEvent> where TEvent : class
{
    public Task Consume(ConsumeContext<Resync<TEvent>> context) => copies.ResyncAsync(context.Message, context.CancellationToken);
}

internal sealed class ResyncPart
{
    public Guid ResyncId { get; set; }
    public int Part { get; set; }
}
