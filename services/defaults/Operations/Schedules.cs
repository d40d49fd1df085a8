using System.Collections.Concurrent;

namespace Newsletter.Defaults.Operations;

/// <summary>What runs again and again in this process, and how it went. Told by the workers themselves; kept in memory.</summary>
public sealed class Schedules(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Service, string Name), Schedule> _known = new();

    /// <param name="every">The longest pause between two runs.</param>
    public Schedule Of(string service, string name, TimeSpan every) => _known.GetOrAdd((service, name), _ => new(service, name, every, time));

    internal IReadOnlyList<Schedule> All => [.. _known.Values.OrderBy(s => s.Service, StringComparer.Ordinal).ThenBy(s => s.Name, StringComparer.Ordinal)];
}

/// <summary>One worker's runs.</summary>
public sealed class Schedule
{
    private readonly TimeSpan _every;
    private readonly TimeProvider _time;
    private volatile State _state;

    internal Schedule(string service, string name, TimeSpan every, TimeProvider time)
    {
        (Service, Name, _every, _time) = (service, name, every, time);
        _state = new(null, time.GetUtcNow() + every, null);
    }

    internal string Service { get; }
    internal string Name { get; }
    internal DateTimeOffset? LastRunAt => _state.LastRunAt;
    internal DateTimeOffset NextRunAt => _state.NextRunAt;
    internal string? Error => _state.Error;

    /// <summary>How long the next run is overdue: 0 as long as all goes well.</summary>
    internal TimeSpan Overdue => _time.GetUtcNow() - _state.NextRunAt is { Ticks: > 0 } late ? late : TimeSpan.Zero;

    public void Ran() => _state = new(_time.GetUtcNow(), _time.GetUtcNow() + _every, null);

    /// <summary>Tried again when it is due next; until then it is overdue from where it should have run.</summary>
    public void Failed(Exception e) => _state = _state with { Error = e.GetBaseException().GetType().Name };

    private sealed record State(DateTimeOffset? LastRunAt, DateTimeOffset NextRunAt, string? Error);
}
