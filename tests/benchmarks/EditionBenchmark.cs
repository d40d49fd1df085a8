using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;

namespace Newsletter.Benchmarks;

/// <summary>
/// From publish until the last of 100,000 and of 1,000,000 letters was accepted by a sink that speaks SendGrid, each exactly once and the ledger complete. Reference: the same bytes posted to that sink
/// by a loop that does nothing else.
/// </summary>
internal static class EditionBenchmark
{
    private const int Runs = 5;
    private static readonly int[] Audiences = [100_000, 1_000_000];

    public static async Task<IEnumerable<Figure>> RunAsync()
    {
        List<Figure> figures = [];
        await using var sink = new MailSink { MostBodies = 200 };
        await sink.StartAsync();
        await using var house = new MailHouse(sink);
        await house.InitializeAsync();
        var owner = house.Staff();
        foreach (var readers in Audiences)
        {
            await house.FillAsync(readers);
            List<double> rates = [], bare = [], first = [], peaks = [];
            for (var run = readers == Audiences[0] ? -1 : 0; run < Runs; run++)
            {
                sink.Forget();
                Memory.ResetPeak(house["mailer"].Id);
                var before = ProcessorTimes.Now();
                var edition = await MailBenchmark.EditionAsync(owner, readers);
                var used = ProcessorTimes.Now().Since(before);
                sink.CheckOnceEach(readers);
                var reference = await PostAsync(sink, readers);
                if (run < 0) continue; // warms the compiler up
                rates.Add(edition.Rate);
                bare.Add(reference);
                first.Add(edition.First.TotalSeconds);
                peaks.Add(Memory.PeakOf(house["mailer"].Id));
                await Console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{readers:#,##0} letters, {edition.Rate:#,##0}/s; ms of processor per 1,000 letters: {string.Join(", ", used.Take(6).Select(u => $"{u.Process} {u.Seconds * 1e6 / readers:0.0}"))}"));
            }
            var what = string.Create(CultureInfo.InvariantCulture, $"{readers:#,##0} recipients");
            figures.Add(new($"letters, publish → all accepted, {what}", rates, "/s", "bare poster of the same bytes", bare));
            figures.Add(new($"publish → first letter accepted, {what}", first, "s"));
            figures.Add(new($"peak resident memory of the mailer, {what}", peaks, "MB"));
        }
        return figures;
    }

    private static async Task<double> PostAsync(MailSink sink, int letters)
    {
        using var client = new HttpClient { BaseAddress = sink.Address };
        var bodies = sink.Bodies.ToArray();
        var each = sink.Letters / Math.Max(1, (int)Math.Ceiling(letters / 1000.0));
        var calls = letters / each;
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(0, calls), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (call, cancellation) =>
        {
            using var content = new ByteArrayContent(bodies[call % bodies.Length]) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
            using var answer = await client.PostAsync(new Uri("v3/mail/send", UriKind.Relative), content, cancellation);
            answer.EnsureSuccessStatusCode();
        });
        return calls * each / watch.Elapsed.TotalSeconds;
    }
}
