using System.Diagnostics;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>Standalone as a new user starts it: time until it is ready, on an empty folder and on a filled one, and its memory when idle. Reference: an empty Kestrel process.</summary>
internal static class StartBenchmark
{
    private const int Runs = 5;

    public static async Task<IEnumerable<Figure>> RunAsync()
    {
        List<double> first = [], again = [], memory = [], bare = [];
        for (var i = 0; i < Runs; i++)
        {
            await using var standalone = new Standalone();
            var watch = Stopwatch.StartNew();
            standalone.Process.Start();
            await standalone.Process.ReadyAsync();
            first.Add(watch.Elapsed.TotalSeconds);
            await standalone.WaitForSeedAsync();
            memory.Add(await IdleMegabytesAsync(standalone.Process.Id));
            await standalone.Process.KillAsync();

            watch.Restart();
            standalone.Process.Start();
            await standalone.Process.ReadyAsync();
            again.Add(watch.Elapsed.TotalSeconds);
            bare.Add(await BareStartAsync());
        }
        return
        [
            new("standalone, first start → ready", first, "s", "empty Kestrel process", bare),
            new("standalone, start again after kill -9 → ready", again, "s", "empty Kestrel process", bare),
            new("standalone, resident memory when idle, seeded", memory, "MB"),
        ];
    }

    /// <summary>Resident memory (VmRSS) of a process that nobody asks anything: the median of half a minute, half a minute after the seeds.</summary>
    private static async Task<double> IdleMegabytesAsync(int process)
    {
        await Task.Delay(TimeSpan.FromSeconds(30));
        List<double> samples = [];
        for (var second = 0; second < 30; second++)
        {
            await Task.Delay(TimeSpan.FromSeconds(1));
            var line = (await File.ReadAllLinesAsync($"/proc/{process}/status")).Single(l => l.StartsWith("VmRSS:", StringComparison.Ordinal));
            samples.Add(double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], System.Globalization.CultureInfo.InvariantCulture) / 1024);
        }
        return samples.Order().ElementAt(samples.Count / 2);
    }

    private static async Task<double> BareStartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-bare-").FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "page.html"), "");
        await File.WriteAllTextAsync(Path.Combine(folder, "publications.json"), """{"items":[]}""");
        var address = $"http://127.0.0.1:{ServiceProcess.FreePort()}";
        var watch = Stopwatch.StartNew();
        using var bare = Process.Start(new ProcessStartInfo("dotnet", [typeof(BareService).Assembly.Location, "bare", address, folder]))!;
        using var client = new HttpClient();
        await Eventually.TrueAsync(async () => (await client.GetAsync(new Uri($"{address}/health/ready"))).IsSuccessStatusCode, "bare Kestrel ready");
        var seconds = watch.Elapsed.TotalSeconds;
        bare.Kill();
        Directory.Delete(folder, recursive: true);
        return seconds;
    }
}
