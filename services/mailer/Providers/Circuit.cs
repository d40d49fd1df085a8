namespace Newsletter.Mailer.Providers;

internal enum CircuitState { Closed, Open, Probing }

/// <summary>
/// Whether an account is there, as this process has seen it. After so many calls in a row that it did not take, nothing is sent through it but one batch
/// after each pause, to see whether it is back. Polly's breaker decides when a call is made; here it is decided before, with the claim of the batch.
/// </summary>
internal sealed class Circuit(string provider, int failures, TimeSpan pause, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);
    private readonly Lock _lock = new();
    private int _inARow;
    private TimeSpan _pause;
    // By the timer: a clock that jumps back must not leave an account alone for an hour.
    private long? _openedAt;
    private bool _probing;

    public CircuitState State
    {
        get
        {
            lock (_lock) return _openedAt is null ? CircuitState.Closed : _probing ? CircuitState.Probing : CircuitState.Open;
        }
    }

    /// <summary>Whether a batch may go through it now. Of those that ask while it is open, one after each pause may: the probe.</summary>
    public bool Lets()
    {
        lock (_lock)
        {
            if (_openedAt is not { } at) return true;
            if (time.GetElapsedTime(at) < _pause) return false;
            // A probe of which nothing is heard, because its letters were all left out, is followed by another.
            (_openedAt, _probing) = (time.GetTimestamp(), true);
            return true;
        }
    }

    /// <summary>What a call came to. Any answer about letters or pace shows that it is there; none at all, or that the account is closed, that it is not.</summary>
    public void Told(IReadOnlyList<SendOutcome> outcomes)
    {
        if (outcomes.Count == 0) return;
        lock (_lock)
        {
            if (!outcomes.All(o => o is SendOutcome.Unknown or SendOutcome.Deferred { IsAway: true })) Close();
            else if (_openedAt is not null) Open(_pause * 2);
            else if (++_inARow >= failures) Open(pause);
        }
    }

    /// <summary>Its account is gone, or has other credentials now.</summary>
    public void Dispose()
    {
        lock (_lock) Close();
    }

    private void Open(TimeSpan next)
    {
        if (_openedAt is null) ProviderMetrics.CircuitOpened(provider, 1);
        // Calls that were under way when it opened tell nothing new.
        else if (!_probing) return;
        _pause = next < LongestPause ? next : LongestPause;
        (_openedAt, _probing) = (time.GetTimestamp(), false);
    }

    private void Close()
    {
        if (_openedAt is not null) ProviderMetrics.CircuitOpened(provider, -1);
        (_inARow, _openedAt, _probing) = (0, null, false);
    }
}
