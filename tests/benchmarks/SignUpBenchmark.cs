using System.Net.Http.Json;
using Newsletter.Tests.Harness.Installations;
using Npgsql;

namespace Newsletter.Benchmarks;

/// <summary>Sign-ups through the gateway, each a new address: a row, its event and its confirmation mail in one transaction. Reference: one-row inserts into the same PostgreSQL.</summary>
internal static class SignUpBenchmark
{
    private const int Connections = 16;
    private const int Runs = 5;
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(5);

    public static async Task<IEnumerable<Figure>> RunAsync(Distributed house)
    {
        var address = new Uri($"{house.BaseUrlOf("scipapermill")}/api/v1/publications/scipapermill/subscriptions");
        var run = Guid.NewGuid().ToString("N")[..6];
        Task<HttpResponseMessage> Send(HttpClient client, int n) => client.PostAsJsonAsync(address, new { email = $"s{run}-{n}@example.com", cadence = "weekly" });

        await Load.RateAsync(Connections, Time, Send);
        List<double> signUps = [], inserts = [];
        for (var i = 0; i < Runs; i++)
        {
            run = Guid.NewGuid().ToString("N")[..6];
            signUps.Add(await Load.RateAsync(Connections, Time, Send));
            inserts.Add(await InsertsAsync(house.DatabaseOf("subscriber").ConnectionString));
        }
        return [new("sign-ups through the gateway, 16 connections", signUps, "/s", "1-row inserts, 16 connections", inserts)];
    }

    private static async Task<double> InsertsAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using (var make = source.CreateCommand("CREATE TABLE IF NOT EXISTS bench_inserts (id uuid PRIMARY KEY, email text NOT NULL UNIQUE)")) await make.ExecuteNonQueryAsync();
        var count = 0;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await Task.WhenAll(Enumerable.Range(0, Connections).Select(async _ =>
        {
            await using var connection = await source.OpenConnectionAsync();
            while (watch.Elapsed < Time)
            {
                var id = Guid.CreateVersion7();
                await using var insert = new NpgsqlCommand("INSERT INTO bench_inserts VALUES ($1, $2)", connection) { Parameters = { new() { Value = id }, new() { Value = $"{id}@example.com" } } };
                await insert.ExecuteNonQueryAsync();
                Interlocked.Increment(ref count);
            }
        }));
        var rate = count / watch.Elapsed.TotalSeconds;
        await using var drop = source.CreateCommand("DROP TABLE bench_inserts");
        await drop.ExecuteNonQueryAsync();
        return rate;
    }
}
