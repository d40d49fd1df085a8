using System.Buffers.Text;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>From publish until the last of 10,000 letters was accepted, as the ledger has it, by the sandbox's SendGrid endpoint. Reference: the same bytes posted to that endpoint by a loop that does nothing else.</summary>
internal static class MailBenchmark
{
    private const int Recipients = 10_000;
    private const int Runs = 5;
    private const int Sentences = 400;
    private const string Api = "/api/v1/publications/scipapermill";

    public static async Task<IEnumerable<Figure>> RunAsync(Distributed house)
    {
        var owner = house.Staff();
        await ImportAsync(owner, Recipients, Address);
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

    public static string Address(int reader) => $"load-{reader}@example.com";

    /// <summary>Null for who is none of these readers.</summary>
    public static int? ReaderOf(ReadOnlySpan<byte> address) =>
        address.StartsWith("load-"u8) && Utf8Parser.TryParse(address["load-".Length..], out int reader, out _) ? reader : null;

    public static async Task ImportAsync(HttpClient owner, int readers, Func<int, string> address)
    {
        const int part = 10_000;
        for (var from = 0; from < readers; from += part)
        {
            var csv = new StringBuilder("email,name,cadence,topics,timeZone\n");
            for (var i = from; i < Math.Min(from + part, readers); i++) csv.Append(address(i)).Append(",Reader ").Append(i).Append(",every_post,,\n");
            using var body = new StringContent(csv.ToString(), Encoding.UTF8, "text/csv");
            using var imported = await owner.PostAsync(new Uri($"{Api}/subscribers/import?confirmed=true", UriKind.Relative), body);
            if (!imported.IsSuccessStatusCode) throw new InvalidOperationException(await imported.Content.ReadAsStringAsync());
        }
    }

    /// <summary>A letter's post is published; tells when that began, and the edition that was made of it.</summary>
    public static async Task<(DateTimeOffset Start, string Id)> PublishAsync(HttpClient owner, int sentences = Sentences)
    {
        var slug = $"load-{Guid.NewGuid():N}"[..16];
        using var made = await owner.PostAsJsonAsync($"{Api}/posts", new { title = slug, slug, kind = "article", access = "public", body = string.Concat(Enumerable.Repeat("A sentence of a letter that somebody wrote. ", sentences)) });
        made.EnsureSuccessStatusCode();
        var post = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        var start = DateTimeOffset.UtcNow;
        using var published = await owner.PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail = true });
        published.EnsureSuccessStatusCode();
        var editions = await AwaitAsync(owner, $"{Api}/editions?post={post}", list => list.GetProperty("items").GetArrayLength() > 0);
        return (start, editions.GetProperty("items")[0].GetProperty("id").GetString()!);
    }

    /// <param name="meanwhile">What goes on from the edition's making until its last letter.</param>
    public static async Task<(string Id, double Rate, TimeSpan First)> EditionAsync(HttpClient owner, int recipients, Func<string, IAsyncDisposable>? meanwhile = null, int sentences = Sentences)
    {
        var (start, id) = await PublishAsync(owner, sentences);
        // By the list, which counts nothing: the live page is what others are measured with.
        await using (meanwhile?.Invoke(id))
            await AwaitAsync(owner, $"{Api}/editions?limit=1", list => list.GetProperty("items")[0] is var newest && newest.GetProperty("id").GetString() == id && newest.GetProperty("state").GetString() == "sent");
        var live = await AwaitAsync(owner, $"{Api}/editions/{id}/live", e => e.GetProperty("state").GetString() == "sent");
        var accepted = ((string[])["accepted", "delivered", "bounced"]).Sum(s => live.GetProperty("states").TryGetProperty(s, out var n) ? n.GetInt64() : 0);
        if (accepted < recipients) throw new InvalidOperationException($"{recipients} letters were wanted, and {accepted} accepted.");
        return (id, accepted / (live.GetProperty("lastAcceptedAt").GetDateTimeOffset() - start).TotalSeconds, live.GetProperty("firstAcceptedAt").GetDateTimeOffset() - start);
    }

    /// <summary>Asks rarely: who asks all the time measures the asking.</summary>
    public static async Task<JsonElement> AwaitAsync(HttpClient owner, string path, Func<JsonElement, bool> match)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(1));
        for (var tries = 0; tries < 600; tries++)
        {
            var answer = await owner.GetFromJsonAsync<JsonElement>(path);
            if (match(answer)) return answer;
            await timer.WaitForNextTickAsync();
        }
        throw new TimeoutException($"{path} did not come so far within ten minutes.");
    }

    public static async Task UntilAsync(Func<Task<bool>> match, string what)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var tries = 0; !await match(); tries++)
        {
            if (tries > 600) throw new TimeoutException($"Within two minutes there was not {what}.");
            await timer.WaitForNextTickAsync();
        }
    }

    private static async Task<double> BarePosterAsync(Distributed house)
    {
        using var client = new HttpClient { BaseAddress = new Uri($"{house.Addresses["sandbox"]}sandbox/sendgrid/") };
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "SG.system.tests");
        var text = string.Concat(Enumerable.Repeat("A sentence of a letter that somebody wrote. ", Sentences));
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
