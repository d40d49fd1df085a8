using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>When the provider took an edition's letters. A batch's are spread evenly from its first to its last: within a batch nobody looks closer.</summary>
internal sealed class AcceptedRun
{
    private const int MostPoints = 120;
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);
    private readonly List<(double From, double Until, int Letters)> _batches = [];

    public AcceptedRun(IEnumerable<BatchTally> tallies)
    {
        foreach (var tally in tallies)
        {
            if (tally is not { Taken: > 0, FirstAcceptedAt: { } first, LastAcceptedAt: { } last }) continue;
            _batches.Add((Seconds(first), Seconds(last), tally.Taken));
            if (First is null || first < First) First = first;
            if (Last is null || last > Last) Last = last;
        }
    }

    public DateTimeOffset? First { get; }
    public DateTimeOffset? Last { get; }

    public double RateAt(DateTimeOffset now) => Math.Round(Between(Seconds(now - Window), Seconds(now) + 1) / Window.TotalSeconds, 2);

    /// <summary>Over the run, and at least over a second.</summary>
    public double AverageRate => First is { } first && Last is { } last
        ? Math.Round(_batches.Sum(b => (double)b.Letters) / Math.Max(1, (last - first).TotalSeconds), 2)
        : 0;

    public IReadOnlyList<AcceptedPoint> Points()
    {
        if (First is not { } first || Last is not { } last) return [];
        var step = Math.Max(1, Math.Ceiling(((last - first).TotalSeconds + 1) / MostPoints));
        var start = Math.Floor(Seconds(first));
        List<AcceptedPoint> points = [];
        var (told, before) = (0, 0.0);
        for (var at = start; at <= Seconds(last); at += step)
        {
            // Rounded as a sum, so that the points add up to the letters.
            before += Between(at, at + step);
            var letters = (int)Math.Round(before) - told;
            points.Add(new(DateTimeOffset.UnixEpoch.AddSeconds(at), letters));
            told += letters;
        }
        return points;
    }

    /// <summary>Letters in [from, until).</summary>
    private double Between(double from, double until) => _batches.Sum(b => b.Until <= b.From
        ? b.From >= from && b.From < until ? b.Letters : 0
        : b.Letters * Math.Max(0, Math.Min(until, b.Until) - Math.Max(from, b.From)) / (b.Until - b.From));

    private static double Seconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).TotalSeconds;
}
