namespace Newsletter.Tests.Harness;

/// <summary>The real clock, moved on by what a test says; timers go at real speed.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private TimeSpan _shift;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + _shift;

    public void Advance(TimeSpan by) => _shift += by;
}
