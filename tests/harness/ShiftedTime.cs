namespace Newsletter.Tests.Harness;

/// <summary>The real clock, moved on by what a test says; timers go at real speed, and count what has passed so.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private TimeSpan _jumped;

    /// <summary>What has passed beside real time.</summary>
    public TimeSpan Passed { get; private set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Passed + _jumped;

    public override long GetTimestamp() => base.GetTimestamp() + (long)(Passed.TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by) => Passed += by;

    /// <summary>This machine's clock alone is set, and no time has passed.</summary>
    public void Jump(TimeSpan by) => _jumped += by;
}
