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
/// collide on its version or its key, and the loser reads again.
/// </summary>
public abstract class CopyConsumer<TDb, TEvent, TSnapshot, TCopy>(TDb db) : ICopyConsumer<TEvent>
    where TDb : ServiceDb where TEvent : class where TSnapshot : ISnapshot where TCopy : Copy<TSnapshot>, new()
{
    private const int BuryAtOnce = 500;
    private const int MostAttempts = 20;

    protected TDb Db { get; } = db;

    protected abstract IReadOnlyList<TSnapshot> SnapshotsOf(TEvent changed);

    /// <summary>Work that follows from the rows that were newer; saved with them. Runs again when the save lost a race, so only change what <see cref="Db"/> tracks.</summary>
    protected virtual Task FollowAsync(IReadOnlyList<TCopy> changed, CancellationToken cancellation) => Task.CompletedTask;

    public virtual Task Consume(ConsumeContext<TEvent> context) => ApplyAsync(SnapshotsOf(context.Message), context.CancellationToken);

    public async Task RequestAsync(CancellationToken cancellation)
    {
        var name = typeof(TEvent).Name;
        if (await Db.ResyncRequests.AnyAsync(r => r.Event == name, cancellation)) return;
        Db.ResyncRequests.Add(new() { Event = name, RequestedAt = TimeProvider.System.GetUtcNow() });
        Db.Publish(new RequestResync(name));
        await Db.SaveChangesAsync(cancellation);
    }

    private Task ApplyAsync(IReadOnlyList<TSnapshot> snapshots, CancellationToken cancellation) => SaveAsync(() => TakeAsync(snapshots, cancellation), cancellation);

    /// <summary>Does the work afresh when another consumer wrote one of its rows in between: of those who collide one gets through, so it ends.</summary>
    private async Task SaveAsync(Func<Task> change, CancellationToken cancellation)
    {
        for (var attempt = 1; ; attempt++)
        {
            Db.ChangeTracker.Clear();
            await change();
            try
            {
                await Db.SaveChangesAsync(cancellation);
                return;
            }
            catch (DbUpdateException e) when (attempt < MostAttempts && DatabaseFailure.IsLostRace(e))
            {
                // Read again what the other wrote.
            }
        }
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
        await SaveAsync(async () =>
        {
            await TakeAsync(SnapshotsOf(part.Changed), cancellation);
            if (!await Db.ResyncParts.AnyAsync(p => p.ResyncId == part.ResyncId && p.Part == part.Part, cancellation))
                Db.ResyncParts.Add(new() { ResyncId = part.ResyncId, Part = part.Part });
        }, cancellation);
        if (await Db.ResyncParts.CountAsync(p => p.ResyncId == part.ResyncId, cancellation) < part.Parts) return;

        var more = true;
        while (more) await SaveAsync(async () => more = await BuryAsync(part.Since, cancellation), cancellation);
        await Db.ResyncParts.Where(p => p.ResyncId == part.ResyncId).ExecuteDeleteAsync(cancellation);
    }

    private async Task<bool> BuryAsync(long since, CancellationToken cancellation)
    {
        var unseen = await Db.Set<TCopy>().Where(c => c.Version < since && !c.Deleted).OrderBy(c => c.Id).Take(BuryAtOnce).ToListAsync(cancellation);
        foreach (var copy in unseen) copy.Bury(since);
        if (unseen.Count > 0) await FollowAsync(unseen, cancellation);
        return unseen.Count == BuryAtOnce;
    }
}

/// <summary>Resyncs have a queue of their own so that they do not delay what happens now.</summary>
internal sealed class ResyncConsumer<TConsumer, TEvent>(TConsumer copies) : IConsumer<Resync<TEvent>>
    where TConsumer : class, ICopyConsumer<TEvent> where TEvent : class
{
    public Task Consume(ConsumeContext<Resync<TEvent>> context) => copies.ResyncAsync(context.Message, context.CancellationToken);
}

/// <summary>A part that has come, until all of its resync have.</summary>
internal sealed class ResyncPart
{
    public Guid ResyncId { get; init; }
    public int Part { get; init; }
}
