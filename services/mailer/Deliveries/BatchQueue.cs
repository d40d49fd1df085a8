using System.Diagnostics;
using MassTransit;
using Microsoft.Extensions.Options;
using Newsletter.Contracts;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>
/// Batches that this process was woken for, in a lane for each account, so that nobody's slow server holds others up; within a lane publications take
/// turns. Only hints: the rows say what is due, and a claim says whose it is. Nothing is claimed before its turn.
/// </summary>
internal sealed class BatchQueue(PublicationMails mails, IOptions<MailOptions> options, SharedClock clock, TimeProvider time) : IDisposable
{
    /// <summary>A publication keeps its turn for so long, however many others wait: taking up a batch again costs a few reads.</summary>
    private static readonly TimeSpan LeastTurn = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestLook = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(5);

    private readonly Lock _lock = new();
    private readonly SemaphoreSlim _changed = new(0, 1);
    private readonly Dictionary<Guid, Lane> _lanes = [];
    private readonly HashSet<Guid> _waiting = [];
    private int _busyOwn;
    private long _served;

    public async ValueTask AddAsync(Guid batch, Guid publication, CancellationToken cancellation)
    {
        var waker = Activity.Current?.Context ?? default;
        var account = (await mails.OfAsync(publication, cancellation)).Route.First;
        lock (_lock)
        {
            if (!_lanes.TryGetValue(account.Id, out var lane)) _lanes[account.Id] = lane = new(account.Id, mails.IsInstallations(account));
            lane.Width = account.Provider.MaxConcurrency;
            Add(lane, publication, batch, waker);
        }
        Changed();
    }

    /// <summary>One caller at a time.</summary>
    public async ValueTask<Turn> NextAsync(CancellationToken cancellation)
    {
        while (true)
        {
            TimeSpan look;
            lock (_lock)
            {
                var now = clock.Now;
                if (Pick(now) is { } turn) return turn;
                look = NextLook(now);
            }
            await _changed.WaitAsync(look, cancellation);
        }
    }

    public void Done(Turn turn)
    {
        lock (_lock)
        {
            var (lane, share) = (turn.Lane, turn.Share);
            (lane.Busy, share.Busy) = (lane.Busy - 1, share.Busy - 1);
            if (!lane.IsInstallations) _busyOwn--;
            if (turn.IsYielding) lane.Yielding--;
            if (turn.ComesAgain) Add(lane, share.Publication, turn.Batch, turn.Waker);
            Forget(lane, share);
        }
        Changed();
    }

    public void Dispose() => _changed.Dispose();

    internal bool ShouldYield(Turn turn)
    {
        if (time.GetElapsedTime(turn.BegunAt) < LeastTurn) return false;
        lock (_lock)
        {
            var lane = turn.Lane;
            if (turn.IsYielding) return true;
            if (lane.Busy < lane.Width || (turn.Share.Busy == 1 && lane.Shares.Values.Any(s => s.Busy > 1))) return false;
            var now = clock.Now;
            if (lane.Shares.Values.Count(s => s.Busy == 0 && s.Waits(now)) <= lane.Yielding) return false;
            lane.Yielding++;
            return turn.IsYielding = true;
        }
    }

    internal bool OthersWait(Lane lane)
    {
        lock (_lock) return lane.Shares.Values.Any(s => s.Waits(clock.Now));
    }

    internal void Hold(Lane lane, DateTimeOffset until)
    {
        lock (_lock) lane.HeldUntil = until > lane.HeldUntil ? until : lane.HeldUntil;
    }

    internal void Hold(LaneShare share, DateTimeOffset until)
    {
        lock (_lock) share.HeldUntil = until > share.HeldUntil ? until : share.HeldUntil;
    }

    private void Add(Lane lane, Guid publication, Guid batch, ActivityContext waker)
    {
        if (!_waiting.Add(batch)) return;
        if (!lane.Shares.TryGetValue(publication, out var share)) lane.Shares[publication] = share = new(publication);
        share.Batches.Enqueue((batch, waker));
    }

    /// <summary>Of the lanes that have room, the one that waited longest; in it the publication with the fewest batches on their way, and of several the one that waited longest.</summary>
    private Turn? Pick(DateTimeOffset now)
    {
        var next = _lanes.Values.Where(lane => HasRoom(lane, now)).OrderBy(lane => lane.ServedAt)
            .Select(lane => (Lane: lane, Share: lane.Shares.Values.Where(s => s.Waits(now)).OrderBy(s => s.Busy).ThenBy(s => s.ServedAt).FirstOrDefault()))
            .FirstOrDefault(found => found.Share is not null);
        if (next is not ({ } lane, { } share)) return null;
        var (batch, waker) = share.Batches.Dequeue();
        _waiting.Remove(batch);
        (lane.Busy, share.Busy) = (lane.Busy + 1, share.Busy + 1);
        if (!lane.IsInstallations) _busyOwn++;
        lane.ServedAt = share.ServedAt = ++_served;
        return new(this, lane, share, batch, waker, time.GetTimestamp());
    }

    /// <summary>Publications' own accounts share a bound, beyond which each still has one batch on its way.</summary>
    private bool HasRoom(Lane lane, DateTimeOffset now) =>
        lane.Busy < lane.Width && lane.HeldUntil <= now && (lane.IsInstallations || lane.Busy == 0 || _busyOwn < options.Value.OwnAccounts);

    private TimeSpan NextLook(DateTimeOffset now)
    {
        DateTimeOffset? first = null;
        foreach (var lane in _lanes.Values)
        {
            foreach (var share in lane.Shares.Values)
            {
                if (share.Batches.Count == 0) continue;
                var until = share.HeldUntil > lane.HeldUntil ? share.HeldUntil : lane.HeldUntil;
                if (until > now && (first is null || until < first)) first = until;
            }
        }
        if (first is null) return Timeout.InfiniteTimeSpan;
        var wait = first.Value - now;
        return wait > LongestLook ? LongestLook : wait < ShortestLook ? ShortestLook : wait;
    }

    private void Forget(Lane lane, LaneShare share)
    {
        var now = clock.Now;
        if (share is { Busy: 0, Batches.Count: 0 } && share.HeldUntil <= now) lane.Shares.Remove(share.Publication);
        if (lane.Shares.Count == 0 && lane.HeldUntil <= now) _lanes.Remove(lane.Account);
    }

    private void Changed()
    {
        lock (_lock)
        {
            if (_changed.CurrentCount == 0) _changed.Release();
        }
    }
}

internal sealed class DeliverBatchConsumer(BatchQueue queue) : IConsumer<DeliverBatch>
{
    /// <summary>A command of before it named its publication is found by the sweeper.</summary>
    public async Task Consume(ConsumeContext<DeliverBatch> context)
    {
        if (context.Message.PublicationId is var publication && publication != Guid.Empty) await queue.AddAsync(context.Message.BatchId, publication, context.CancellationToken);
    }
}
