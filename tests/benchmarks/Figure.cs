using System.Globalization;

namespace Newsletter.Benchmarks;

/// <summary>One row of the table: the median of several runs, their range, and the ratio to a reference of the same runs.</summary>
internal sealed record Figure(string What, IReadOnlyList<double> Runs, string Unit, string? Reference = null, IReadOnlyList<double>? ReferenceRuns = null)
{
    public static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToList();
        return sorted.Count % 2 == 1 ? sorted[sorted.Count / 2] : (sorted[sorted.Count / 2 - 1] + sorted[sorted.Count / 2]) / 2;
    }

    public static void Print(IEnumerable<Figure> figures)
    {
        Console.WriteLine("| what | median | range | reference in the same run | ratio |");
        Console.WriteLine("| --- | --- | --- | --- | --- |");
        foreach (var f in figures)
        {
            var reference = f.ReferenceRuns is null ? "–" : $"{f.Reference}: {Show(Median(f.ReferenceRuns))} {f.Unit}";
            // Pair by pair, so that a machine that slows down in between does not count for one side alone.
            var ratio = f.ReferenceRuns is null ? "–" : Median(f.Runs.Zip(f.ReferenceRuns, (a, b) => a / b)).ToString("0.00#", CultureInfo.InvariantCulture);
            Console.WriteLine($"| {f.What} | {Show(Median(f.Runs))} {f.Unit} | {Show(f.Runs.Min())}–{Show(f.Runs.Max())} | {reference} | {ratio} |");
        }
    }

    private static string Show(double value) => value.ToString(value < 10 ? "0.00" : "#,##0", CultureInfo.InvariantCulture);
}
