using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Newsletter.Tests.Harness.Installations;
using Npgsql;

namespace Newsletter.Benchmarks;

/// <summary>
/// The first byte of each console page, one after the other, at 100,000 readers, 1,000 editions and one edition that went to all of them.
/// Reference: the publication's own data over the API, which every page asks for, too.
/// </summary>
internal static partial class ConsoleBenchmark
{
    private const int Readers = 100_000;
    private const int Editions = 1_000;
    private const int Runs = 5;
    private const int Looks = 10;
    private const string Api = "/api/v1/publications/scipapermill";

    public static async Task<IEnumerable<Figure>> RunAsync(Distributed house)
    {
        var owner = house.Staff();
        await MailBenchmark.ImportAsync(owner, Readers, i => $"reader-{i}@example{i % 40}.com");
        var edition = await MailBenchmark.EditionAsync(owner, Readers);
        await CopyEditionsAsync(house.DatabaseOf("mailer").ConnectionString);
        var readers = await owner.GetFromJsonAsync<JsonElement>($"{Api}/subscribers?limit=1");
        var reader = readers.GetProperty("items")[0].GetProperty("id").GetString();

        var staff = house.Visitor();
        staff.DefaultRequestHeaders.Add("Cookie", $"console={await SignInAsync(house)}");
        var figures = new List<Figure>();
        foreach (var (name, path) in ((string, string)[])[
            ("home", "p/scipapermill"), ("posts", "p/scipapermill/posts"), ("editor of a digest", "p/scipapermill/posts/deep-learning-2026-07-04"),
            ("editions", "p/scipapermill/editions"), ("edition of 100,000 letters", $"p/scipapermill/editions/{edition.Id}"),
            ("readers", "p/scipapermill/readers"), ("one reader", $"p/scipapermill/readers/{reader}"), ("members", "p/scipapermill/members"),
            ("settings", "p/scipapermill/settings"), ("audit log", "p/scipapermill/audit"), ("operations", "operations")])
        {
            figures.Add(await FirstBytesAsync($"console at 100,000 readers, first byte: {name}", () => staff.GetAsync($"/console/{path}", HttpCompletionOption.ResponseHeadersRead), owner));
        }
        foreach (var (name, path) in ((string, string)[])[
            ("readers' statistics", "statistics/readers?days="), ("members' statistics", "statistics/members?days="), ("letters' statistics", "statistics/letters?days=")])
        {
            // Another number of days each time: what was counted a moment ago is kept.
            var days = 20;
            figures.Add(await FirstBytesAsync($"API at 100,000 readers: {name}, counted", () => owner.GetAsync($"{Api}/{path}{days++}", HttpCompletionOption.ResponseHeadersRead), owner));
        }
        return figures;
    }

    private static async Task<Figure> FirstBytesAsync(string what, Func<Task<HttpResponseMessage>> look, HttpClient owner)
    {
        List<double> pages = [], reference = [];
        for (var run = -1; run < Runs; run++)
        {
            var page = await MedianAsync(look);
            var bare = await MedianAsync(() => owner.GetAsync(Api, HttpCompletionOption.ResponseHeadersRead));
            if (run < 0) continue; // warms the compiler up
            pages.Add(page);
            reference.Add(bare);
        }
        return new(what, pages, "ms", "publication over the API", reference);
    }

    private static async Task<double> MedianAsync(Func<Task<HttpResponseMessage>> get)
    {
        var times = new List<double>();
        for (var look = 0; look < Looks; look++)
        {
            var start = Stopwatch.GetTimestamp();
            using var answer = await get();
            answer.EnsureSuccessStatusCode();
            await using var body = await answer.Content.ReadAsStreamAsync();
            await body.ReadExactlyAsync(new byte[1]);
            times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await body.CopyToAsync(Stream.Null);
        }
        return Figure.Median(times);
    }

    /// <summary>Editions that are over; mailing a thousand would take hours and show nothing more.</summary>
    private static async Task CopyEditionsAsync(string connectionString)
    {
        await using var source = NpgsqlDataSource.Create(connectionString);
        await using var copy = source.CreateCommand($"""
            CREATE TEMPORARY TABLE copied AS SELECT e.* FROM editions e WHERE state = 2 ORDER BY id DESC LIMIT 1;
            INSERT INTO editions SELECT (jsonb_populate_record(c, jsonb_build_object('id', gen_random_uuid(), 'post_id', gen_random_uuid(), 'subject', 'Edition ' || n))).*
            FROM copied c, generate_series(1, {Editions}) n
            """);
        await copy.ExecuteNonQueryAsync();
    }

    private static async Task<string> SignInAsync(Distributed house)
    {
        var visitor = house.Visitor();
        using var asked = await visitor.PostAsJsonAsync("/api/v1/account/sign-in", new { email = "owner@example.com" });
        asked.EnsureSuccessStatusCode();
        var mail = await house.MailAsync("owner@example.com", m => Code().IsMatch(m.Text), "a code");
        using var entered = await visitor.PostAsJsonAsync("/api/v1/account/session", new { email = "owner@example.com", code = Code().Match(mail.Text).Value });
        entered.EnsureSuccessStatusCode();
        return (await entered.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("session").GetString()!;
    }

    [GeneratedRegex(@"\b\d{6}\b")]
    private static partial Regex Code();
}
