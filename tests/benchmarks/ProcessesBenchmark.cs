
namespace Newsletter.Benchmarks;

/// <summary>
/// An edition of 60,000 shared by one, two and three mailer processes, at a provider that takes 200 ms an answer, each process with one call at a time: with more, one process is
/// limited by this machine's two processors, and not by the provider.
/// </summary>
internal static class ProcessesBenchmark
{
    private const int Recipients = 60_000;
    private const int Runs = 5;

    public static async Task<IEnumerable<Figure>> RunAsync()
    {
        await using var sink = new MailSink { Latency = TimeSpan.FromMilliseconds(200) };
        await sink.StartAsync();
        await using var house = new MailHouse(sink, ("SendGrid__Concurrency", "1"));
        await house.InitializeAsync();
        await house.FillAsync(Recipients);
        await using var second = house.Another("mailer");
        await using var third = house.Another("mailer");
        var one = await RatesAsync(house, sink);
        second.Start();
        await second.ReadyAsync();
        var two = await RatesAsync(house, sink);
        third.Start();
        await third.ReadyAsync();
        var three = await RatesAsync(house, sink);
        return
        [
            new("letters, 60,000 recipients, provider latency 200 ms, 2 mailer processes", two, "/s", "1 process", one),
            new("letters, 60,000 recipients, provider latency 200 ms, 3 mailer processes", three, "/s", "1 process", one),
        ];
    }

    private static async Task<List<double>> RatesAsync(MailHouse house, MailSink sink)
    {
        List<double> rates = [];
        for (var run = -1; run < Runs; run++)
        {
            sink.Forget();
            var (_, rate, _) = await MailBenchmark.EditionAsync(house.Staff(), Recipients);
            sink.CheckOnceEach(Recipients);
            if (run >= 0) rates.Add(rate); // the first warms the compiler up
        }
        return rates;
    }
}
