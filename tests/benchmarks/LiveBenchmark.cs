using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>What watching costs: the rate of an edition while three people have its live page open (each asks every second, as the page does), against the rate of one that nobody watches.</summary>
internal static class LiveBenchmark
{
    private const int Recipients = 10_000;
    private const int Viewers = 3;
    private const int Runs = 9;
    private const string Api = "/api/v1/publications/scipapermill";

    public static async Task<IEnumerable<Figure>> RunAsync(Distributed house)
    {
        var owner = house.Staff();
        await MailBenchmark.ImportAsync(owner);
        List<double> watched = [], alone = [];
        for (var run = -1; run < Runs; run++)
        {
            var seen = (await MailBenchmark.EditionAsync(owner, Recipients, id => new Watching(house, id))).Rate;
            var unseen = (await MailBenchmark.EditionAsync(owner, Recipients)).Rate;
            if (run < 0) continue; // warms the compiler up
            watched.Add(seen);
            alone.Add(unseen);
        }
        return [new("letters while three people watch the live page, 10,000 recipients", watched, "/s", "nobody watches", alone)];
    }

    /// <summary>Three open pages, until it is disposed.</summary>
    private sealed class Watching : IAsyncDisposable
    {
        private readonly CancellationTokenSource _end = new();
        private readonly Task[] _viewers;

        public Watching(Distributed house, string edition) => _viewers = [.. Enumerable.Range(0, Viewers).Select(_ => Task.Run(() => LookAsync(house.Staff(), edition)))];

        public async ValueTask DisposeAsync()
        {
            await _end.CancelAsync();
            await Task.WhenAll(_viewers);
            _end.Dispose();
        }

        private async Task LookAsync(HttpClient staff, string edition)
        {
            try
            {
                using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
                for (var round = 0; ; round++)
                {
                    using var live = await staff.GetAsync($"{Api}/editions/{edition}/live", _end.Token);
                    live.EnsureSuccessStatusCode();
                    if (round % 10 == 0) using (var figures = await staff.GetAsync($"{Api}/editions/{edition}/figures", _end.Token)) figures.EnsureSuccessStatusCode();
                    await timer.WaitForNextTickAsync(_end.Token);
                }
            }
            catch (OperationCanceledException) when (_end.IsCancellationRequested)
            {
                // They close the page.
            }
        }
    }
}
