using System.Net.Http.Json;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>From a reader's sign-up through the gateway until their confirmation mail is at the provider, ten a second: the 99th percentile while editions of 100,000 go out. Reference: the same with nothing else going on.</summary>
internal static class TransactionalBenchmark
{
    private const int Recipients = 100_000;
    private const int Mails = 100;
    private const int Runs = 5;
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);

    public static async Task<IEnumerable<Figure>> RunAsync()
    {
        await using var sink = new MailSink();
        await sink.StartAsync();
        await using var house = new MailHouse(sink);
        await house.InitializeAsync();
        await house.FillAsync(Recipients);
        List<double> busy = [], quiet = [];
        for (var run = -1; run < Runs; run++)
        {
            var alone = await P99Async(house, sink);
            using var enough = new CancellationTokenSource();
            var editions = EditionsAsync(house, enough.Token);
            var beside = await P99Async(house, sink);
            await enough.CancelAsync();
            await editions;
            if (run < 0) continue; // warms the compiler up
            busy.Add(beside);
            quiet.Add(alone);
        }
        return [new("sign-up → confirmation mail at the provider, p99, while editions of 100,000 go out", busy, "s", "nothing else goes on", quiet)];
    }

    private static async Task EditionsAsync(MailHouse house, CancellationToken enough)
    {
        while (!enough.IsCancellationRequested) await MailBenchmark.EditionAsync(house.Staff(), Recipients);
    }

    private static async Task<double> P99Async(MailHouse house, MailSink sink)
    {
        using var client = Load.Client();
        var address = new Uri($"{house.BaseUrlOf("scipapermill")}/api/v1/publications/scipapermill/subscriptions");
        var run = Guid.NewGuid().ToString("N")[..8];
        using var timer = new PeriodicTimer(Every);
        List<Task<double>> mails = [];
        for (var n = 0; n < Mails; n++)
        {
            mails.Add(MailAsync(client, address, sink, $"{run}-{n}@example.com"));
            await timer.WaitForNextTickAsync();
        }
        var seconds = await Task.WhenAll(mails);
        return seconds.Order().ElementAt((int)Math.Ceiling(0.99 * Mails) - 1);
    }

    private static async Task<double> MailAsync(HttpClient client, Uri address, MailSink sink, string reader)
    {
        var start = DateTimeOffset.UtcNow;
        using var answer = await client.PostAsJsonAsync(address, new { email = reader, cadence = "weekly" });
        answer.EnsureSuccessStatusCode();
        await MailBenchmark.UntilAsync(() => Task.FromResult(sink.ArrivedAt(reader) is not null), "a confirmation mail");
        return (sink.ArrivedAt(reader)!.Value - start).TotalSeconds;
    }
}
