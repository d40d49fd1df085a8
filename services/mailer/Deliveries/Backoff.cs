namespace Newsletter.Mailer.Deliveries;

/// <summary>5 s, 10 s, 20 s … at most 10 minutes, each up to a fifth longer, so that what failed together does not come back together.</summary>
internal static class Backoff
{
    private static readonly TimeSpan Most = TimeSpan.FromMinutes(10);

    public static TimeSpan After(int attempts, TimeSpan? atLeast = null)
    {
        var seconds = Math.Min(Most.TotalSeconds, 5 * Math.Pow(2, Math.Min(attempts, 10) - 1));
        if (atLeast is { } asked && asked.TotalSeconds > seconds) seconds = asked.TotalSeconds;
        return TimeSpan.FromSeconds(seconds * (1 + Random.Shared.NextDouble() / 5));
    }
}
