using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>From publish until the ledger says that 10,000 letters were accepted by the sandbox's SendGrid endpoint. Reference: the same bytes posted to that endpoint by a loop that does nothing else.</summary>
internal static class MailBenchmark
{
    private const int Recipients = 10_000;
    private const int Runs = 5;
    private const string Api = "/api/v1/publications/scipapermill";

    public static async Task<IEnumerable<Figure>> RunAsync(Distributed house)
    {
        var owner = house.Staff();
        await ImportAsync(owner);
        List<double> rates = [], reference = [];
        for (var run = -1; run < Runs; run++)
        {
            var rate = (await EditionAsync(owner, Recipients)).Rate;
            var bare = await BarePosterAsync(house);
            if (run < 0) continue; // warms the compiler up
            rates.Add(rate);
            reference.Add(bare);
        }
        return [new("letters, publish → all accepted, 10,000 recipients", rates, "/s", "bare poster to the same endpoint", reference)];
    }

    public static async Task ImportAsync(HttpClient owner)
    {
        var csv = new StringBuilder("email,name,cadence,topics,timeZone\n");
        for (var i = 0; i < Recipients; i++) csv.Append("load-").Append(i).Append("@example.com,Reader ").Append(i).Append(",every_post,,\n");
        using var body = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
        using var imported = await owner.PostAsync(new Uri($"{Api}/subscribers/import?confirmed=true", UriKind.Relative), body);
        if (!imported.IsSuccessStatusCode) throw new InvalidOperationException(await imported.Content.ReadAsStringAsync());
    }

    /// <param name="onceMade">What goes on from the edition's making until its last letter.</param>
    public static async Task<(string Id, double Rate)> EditionAsync(HttpClient owner, int recipients, Func<string, IAsyncDisposable>? onceMade = null)
    {
        var slug = $"load-{Guid.NewGuid():N}"[..16];
        using var made = await owner.PostAsJsonAsync($"{Api}/posts", new { title = slug, slug, kind = "article", access = "public", body = string.Concat(Enumerable.Repeat("A sentence of a letter that somebody wrote. ", 400)) });
        made.EnsureSuccessStatusCode();
        var watch = Stopwatch.StartNew();
        using var published = await owner.PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail = true });
        published.EnsureSuccessStatusCode();
        long accepted = 0;
        string? id = null;
        IAsyncDisposable? meanwhile = null;
        await Eventually.TrueAsync(async () =>
        {
            id ??= await NewestAsync(owner, slug);
            if (id is null) return false;
            meanwhile ??= onceMade?.Invoke(id);
            var detail = await owner.GetFromJsonAsync<JsonElement>($"{Api}/editions/{id}");
            accepted = ((string[])["accepted", "delivered", "bounced"]).Sum(s => detail.GetProperty("states").TryGetProperty(s, out var n) ? n.GetInt64() : 0);
            return accepted >= recipients;
        }, "all letters accepted", TimeSpan.FromMinutes(5));
        var rate = accepted / watch.Elapsed.TotalSeconds;
        if (meanwhile is not null) await meanwhile.DisposeAsync();
        return (id!, rate);
    }

    private static async Task<string?> NewestAsync(HttpClient owner, string slug)
    {
        var list = await owner.GetFromJsonAsync<JsonElement>($"{Api}/editions?limit=1");
        var newest = list.GetProperty("items").EnumerateArray().FirstOrDefault();
        return newest.ValueKind != JsonValueKind.Undefined && newest.ToString().Contains(slug, StringComparison.Ordinal) ? newest.GetProperty("id").GetString() : null;
    }

    private static async Task<double> BarePosterAsync(Distributed house)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"{house.Addresses["sandbox"]}sandbox/sendgrid/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "SG.system.tests");
        var text = string.Concat(Enumerable.Repeat("A sentence of a letter that somebody wrote. ", 400));
        var bodies = Enumerable.Range(0, Recipients / 1000).Select(b => JsonSerializer.SerializeToUtf8Bytes(new
        {
            from = new { email = "bench@example.com", name = "Bench" },
            subject = "Bench",
            content = new[] { new { type = "text/plain", value = text }, new { type = "text/html", value = $"<p>{text}</p>" } },
            personalizations = Enumerable.Range(b * 1000, 1000).Select(i => new { to = new[] { new { email = $"bare-{i}@example.com" } } }),
        })).ToList();
        var watch = Stopwatch.StartNew();
        await Parallel.ForEachAsync(bodies, new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (body, cancellation) =>
        {
            using var content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
            using var answer = await client.PostAsync(new Uri("v3/mail/send", UriKind.Relative), content, cancellation);
            answer.EnsureSuccessStatusCode();
        });
        return Recipients / watch.Elapsed.TotalSeconds;
    }
}
