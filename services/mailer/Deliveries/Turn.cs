using System.Diagnostics;

namespace Newsletter.Mailer.Deliveries;

/// <summary>A batch whose turn it is to be sent.</summary>
/// <param name="waker">The trace of whoever woke us.</param>
internal sealed class Turn(BatchQueue queue, Lane lane, LaneShare share, Guid batch, ActivityContext waker, long begunAt)
{
    public Guid Batch => batch;
    public ActivityContext Waker => waker;
    internal Lane Lane => lane;
    internal LaneShare Share => share;
    internal long BegunAt => begunAt;
    internal bool IsYielding { get; set; }

    /// <summary>Put off by us, so that we come back to it; otherwise the sweeper does when it is due.</summary>
    public bool ComesAgain { get; set; }

    /// <summary>Whether another publication waits for its turn that this one has had for long enough.</summary>
    public bool ShouldYield() => queue.ShouldYield(this);

    /// <summary>Whether other batches of the account are due.</summary>
    public bool OthersWait() => queue.OthersWait(lane);

    /// <summary>Nothing of the account is begun before. What leaves through another one while the lane's is away, holds up nothing else.</summary>
    public void HoldAccount(Guid account, DateTimeOffset until)
    {
        if (account == lane.Account) queue.Hold(lane, until);
    }

    /// <summary>Nothing of the publication is begun before.</summary>
    public void HoldPublication(DateTimeOffset until) => queue.Hold(share, until);
}

/// <summary>What leaves through one account, so many batches side by side.</summary>
internal sealed class Lane(Guid account, bool isInstallations)
{
    public Guid Account => account;
    public bool IsInstallations => isInstallations;
    public int Width { get; set; } = 1;
    public int Busy { get; set; }
    public int Yielding { get; set; }
    public long ServedAt { get; set; }
    public DateTimeOffset HeldUntil { get; set; }
    public Dictionary<Guid, LaneShare> Shares { get; } = [];
}

/// <summary>A publication's batches in a lane.</summary>
internal sealed class LaneShare(Guid publication)
{
    public Guid Publication => publication;
    public Queue<(Guid Batch, ActivityContext Waker)> Batches { get; } = new();
    public int Busy { get; set; }
    public long ServedAt { get; set; }
    public DateTimeOffset HeldUntil { get; set; }

    public bool Waits(DateTimeOffset now) => Batches.Count > 0 && HeldUntil <= now;
}
