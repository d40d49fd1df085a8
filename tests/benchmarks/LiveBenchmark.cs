using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>
/// What watching costs the mailer. Rates of one machine differ by a tenth from run to run, so it is also measured where nothing else goes on: an edition in mid-sending
/// whose provider keeps all calls waiting, not watched and then watched. Each of three people asks every second, as the page does. Mail that goes out at full rate keeps
/// all processors busy, so the part of them that watching takes is what the rate loses.
/// </summary>
internal static class LiveBenchmark
{
    private const int Recipients = 50_000;
    private const int Viewers = 3;
    private const int Rates = 5;
    private const int Halts = 10;
    private const string Api = "/api/v1/publications/scipapermill";
    /// <summary>Long enough for all that the page asks now and then, and short enough for the provider's patience of a minute.</summary>
    private static readonly TimeSpan Watch = TimeSpan.FromSeconds(20);

    public static async Task<IEnumerable<Figure>> RunAsync(Distributed house)
    {
        var owner = house.Staff();
        await MailBenchmark.ImportAsync(owner, Recipients, MailBenchmark.Address);
        List<double> costs = [];
        for (var halt = 0; halt < Halts; halt++) costs.Add(await CostAsync(house, owner));

        List<double> watched = [], alone = [];
        for (var run = -1; run < Rates; run++)
        {
            var seen = (await MailBenchmark.EditionAsync(owner, Recipients, id => new Watching(house, id))).Rate;
            var unseen = (await MailBenchmark.EditionAsync(owner, Recipients)).Rate;
            if (run < 0) continue; // warms the compiler up
            watched.Add(seen);
            alone.Add(unseen);
        }
        return
        [
            new("letters while three people watch the live page, 50,000 recipients", watched, "/s", "nobody watches", alone),
            new("processor time for a second of three people watching", costs, "ms", "all processors", [.. costs.Select(_ => 1000.0 * Environment.ProcessorCount)]),
        ];
    }

    /// <summary>Milliseconds of all processors for a second of watching.</summary>
    private static async Task<double> CostAsync(Distributed house, HttpClient owner)
    {
        double cost;
        await HaltAsync(house, true);
        var (_, id) = await MailBenchmark.PublishAsync(owner);
        try
        {
            await MailBenchmark.AwaitAsync(owner, $"{Api}/editions/{id}/live", e => e.GetProperty("recipients").GetInt32() >= Recipients && Letters(e, "sending") > 0);
            // The first look is compiled, and no figure.
            await using (new Watching(house, id)) await Task.Delay(TimeSpan.FromSeconds(2));
            await QuietAsync();
            var rest = await BusyAsync(() => Task.Delay(Watch));
            var busy = await BusyAsync(async () =>
            {
                await using (new Watching(house, id)) await Task.Delay(Watch);
            });
            cost = (busy - rest).TotalMilliseconds / Watch.TotalSeconds;
            using var cancelled = await owner.PostAsync(new Uri($"{Api}/editions/{id}/cancel", UriKind.Relative), null);
            cancelled.EnsureSuccessStatusCode();
        }
        finally
        {
            await HaltAsync(house, false);
        }
        // The next one begins when nothing of this is under way.
        await MailBenchmark.AwaitAsync(owner, $"{Api}/editions/{id}/live", e => Letters(e, "sending") + Letters(e, "uncertain") == 0);
        return cost;
    }

    /// <summary>Until what the letters before these brought about is worked off. The provider gives up its calls after a minute.</summary>
    private static async Task QuietAsync()
    {
        var watch = Stopwatch.StartNew();
        for (var quiet = 0; quiet < 2;)
        {
            quiet = await BusyAsync(() => Task.Delay(TimeSpan.FromSeconds(1))) < TimeSpan.FromMilliseconds(150) ? quiet + 1 : 0;
            if (watch.Elapsed > TimeSpan.FromSeconds(20)) throw new TimeoutException("Something else keeps this machine busy: what watching costs cannot be told.");
        }
    }

    private static int Letters(JsonElement live, string state) => live.GetProperty("states").TryGetProperty(state, out var n) ? n.GetInt32() : 0;

    /// <summary>The provider takes what it is given, and neither answers nor tells events.</summary>
    private static async Task HaltAsync(Distributed house, bool halt)
    {
        using var set = await house.Visitor().PostAsJsonAsync(
            $"{house.Addresses["sandbox"]}sandbox/api/sendgrid/faults", halt ? new { timeoutAfterAccept = true, holdEvents = true, count = 100_000 } : (object)new { });
        set.EnsureSuccessStatusCode();
    }

    /// <summary>How long the machine's processors have worked meanwhile, for whomever (/proc/stat: user, nice, system, irq, softirq, in hundredths of a second).</summary>
    private static async Task<TimeSpan> BusyAsync(Func<Task> work)
    {
        var before = await ReadAsync();
        await work();
        return await ReadAsync() - before;

        static async Task<TimeSpan> ReadAsync()
        {
            var times = (await File.ReadAllLinesAsync("/proc/stat"))[0].Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..].Select(t => long.Parse(t, CultureInfo.InvariantCulture)).ToArray();
            return TimeSpan.FromMilliseconds(10 * (times[0] + times[1] + times[2] + times[5] + times[6]));
        }
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
