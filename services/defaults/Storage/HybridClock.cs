namespace Newsletter.Defaults.Storage;

/// <summary>Versions that rise even when the clock does not, and rise above a restored backup's because the clock did.</summary>
public static class HybridClock
{
    private static readonly long MicrosecondsTicks = TimeSpan.TicksPerMicrosecond;

    /// <summary>The version after <paramref name="last"/>: microseconds since 1970, or one more than the last.</summary>
    public static long Next(long last, TimeProvider time) => Math.Max(last + 1, Now(time));

    public static long Now(TimeProvider time) => At(time.GetUtcNow());

    /// <summary>Below every version that was stamped later.</summary>
    public static long At(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / MicrosecondsTicks;
}
