namespace Newsletter.Mailer.Providers;

/// <summary>Times in 64 classes, each a quarter longer than the one before, from 1 ms to 20 minutes: quantiles of any number of them in 256 bytes.</summary>
internal sealed class Latencies
{
    private const double Step = 1.25;
    private const int Classes = 64;
    private readonly int[] _counts = new int[Classes];

    public void Add(TimeSpan took) => _counts[Math.Clamp((int)Math.Ceiling(Math.Log(Math.Max(1, took.TotalMilliseconds), Step)), 0, Classes - 1)]++;

    /// <summary>In seconds, the upper end of the class that it lies in; null of none.</summary>
    public static double? Quantile(IEnumerable<Latencies> all, double quantile)
    {
        var sums = new long[Classes];
        foreach (var latencies in all)
        {
            for (var at = 0; at < Classes; at++) sums[at] += latencies._counts[at];
        }
        var rank = (long)Math.Ceiling(sums.Sum() * quantile);
        if (rank == 0) return null;
        var below = 0L;
        for (var at = 0; ; at++)
        {
            below += sums[at];
            if (below >= rank) return Math.Round(Math.Pow(Step, at) / 1000, 4);
        }
    }
}
