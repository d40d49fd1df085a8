using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Newsletter.Tests.Harness.Installations;
using Npgsql;

namespace Newsletter.Benchmarks;

/// <summary>
/// What comes back: signed posts of 1,000 SendGrid events through the gateway, until all are in the ledger, the counters and the events' index. Reference: COPY of the same ids into a table with the same unique index.
/// </summary>
internal static class EventBenchmark
{
    private const int Recipients = 100_000;
    private const int EventsAPost = 1_000;
    private const int Connections = 4;
    private const int Runs = 5;
    // Of a letter: taken, arrived, and of every fifth one opened and of every twentieth one clicked.
    private static readonly (string Kind, int Of)[] Kinds = [("processed", 1), ("delivered", 1), ("open", 5), ("click", 20)];

    public static async Task<IEnumerable<Figure>> RunAsync()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        await using var sink = new MailSink { MostBodies = 200 };
        await sink.StartAsync();
        await using var house = new MailHouse(sink, ("SendGrid__WebhookKey", Convert.ToBase64String(key.ExportSubjectPublicKeyInfo())));
        await house.InitializeAsync();
        await house.FillAsync(Recipients);
        await using var source = NpgsqlDataSource.Create(house.DatabaseOf("mailer").ConnectionString);
        List<double> rates = [], copies = [];
        for (var run = -1; run < Runs; run++)
        {
            sink.Forget();
            var edition = await MailBenchmark.EditionAsync(house.Staff(), Recipients);
            var posts = PostsOf(sink.Bodies);
            var events = posts.Sum(p => p.Ids.Count);
            var start = DateTimeOffset.UtcNow;
            await PostAsync(house, key, posts);
            await MailBenchmark.UntilAsync(async () => await LastIngestedAsync(source) is not null, "an end of the ingestion");
            var rate = events / (await LastIngestedAsync(source) - start)!.Value.TotalSeconds;
            await CheckAsync(source, edition.Id, sink.Letters);
            var copy = await CopyAsync(source, [.. posts.SelectMany(p => p.Ids)]);
            if (run < 0) continue; // warms the compiler up
            rates.Add(rate);
            copies.Add(copy);
        }
        return [new("events, signed posts of 1,000, posted → all in the ledger", rates, "/s", "COPY of the ids, same unique index", copies)];
    }

    /// <summary>Kind by kind, as the provider comes by them, each post's spread over some seconds.</summary>
    private static List<(byte[] Body, List<string> Ids)> PostsOf(IReadOnlyCollection<byte[]> calls)
    {
        var letters = calls.SelectMany(LettersOf).ToList();
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var events = Kinds.SelectMany(kind => letters.Where((_, i) => i % kind.Of == 0).Select((letter, i) =>
        {
            var at = now + i / 300;
            var id = Convert.ToBase64String(Guid.NewGuid().ToByteArray());
            return (Id: id, Event: (object)new Dictionary<string, object>(letter.Args.Select(a => new KeyValuePair<string, object>(a.Key, a.Value)))
            {
                ["email"] = letter.Email,
                ["event"] = kind.Kind,
                ["timestamp"] = at,
                ["sg_event_id"] = id,
                ["sg_message_id"] = "aaaaaaaaaaaaaaaaaaaaaa.recvd-0-1",
                ["smtp-id"] = "<x@example.com>",
            });
        }));
        return [.. events.Chunk(EventsAPost).Select(chunk => (JsonSerializer.SerializeToUtf8Bytes(chunk.Select(e => e.Event)), chunk.Select(e => e.Id).ToList()))];
    }

    private static IEnumerable<(string Email, Dictionary<string, string> Args)> LettersOf(byte[] call)
    {
        using var mail = JsonDocument.Parse(call);
        return [.. mail.RootElement.GetProperty("personalizations").EnumerateArray().Select(p => (
            p.GetProperty("to")[0].GetProperty("email").GetString()!, p.GetProperty("custom_args").Deserialize<Dictionary<string, string>>()!))];
    }

    private static Task PostAsync(Distributed house, ECDsa key, List<(byte[] Body, List<string> Ids)> posts)
    {
        var client = Load.Client();
        return Parallel.ForEachAsync(posts, new ParallelOptions { MaxDegreeOfParallelism = Connections }, async (post, cancellation) =>
        {
            var timestamp = DateTimeOffset.UtcNow.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            var signature = key.SignData([.. Encoding.ASCII.GetBytes(timestamp), .. post.Body], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(house.Address, "/webhooks/sendgrid")) { Content = new ByteArrayContent(post.Body) { Headers = { ContentType = new("application/json") } } };
            request.Headers.Add("X-Twilio-Email-Event-Webhook-Signature", Convert.ToBase64String(signature));
            request.Headers.Add("X-Twilio-Email-Event-Webhook-Timestamp", timestamp);
            using var answer = await client.SendAsync(request, cancellation);
            if (answer.StatusCode != HttpStatusCode.NoContent) throw new InvalidOperationException($"The webhook answered {(int)answer.StatusCode}.");
        });
    }

    /// <summary>Null while calls wait.</summary>
    private static async Task<DateTimeOffset?> LastIngestedAsync(NpgsqlDataSource source)
    {
        await using var ask = source.CreateCommand("SELECT max(received_at) FROM provider_events WHERE NOT EXISTS (SELECT 1 FROM webhook_calls)");
        return await ask.ExecuteScalarAsync() is DateTime at ? new DateTimeOffset(at) : null;
    }

    private static async Task CheckAsync(NpgsqlDataSource source, string edition, int letters)
    {
        await using var ask = source.CreateCommand(
            $"SELECT count(*) FILTER (WHERE state = 5), count(*) FILTER (WHERE opened_at IS NOT NULL), count(*) FILTER (WHERE clicked_at IS NOT NULL) FROM deliveries WHERE edition_id = '{edition}'");
        await using var row = await ask.ExecuteReaderAsync();
        await row.ReadAsync();
        var (delivered, opened, clicked) = (row.GetInt64(0), row.GetInt64(1), row.GetInt64(2));
        if (delivered != letters || opened != (letters + 4) / 5 || clicked != (letters + 19) / 20) throw new InvalidOperationException($"The ledger has {delivered} delivered, {opened} opened, {clicked} clicked.");
    }

    private static async Task<double> CopyAsync(NpgsqlDataSource source, List<string> ids)
    {
        await using (var make = source.CreateCommand("CREATE TABLE bench_events (id text PRIMARY KEY, received_at timestamptz NOT NULL); CREATE INDEX ON bench_events (received_at)")) await make.ExecuteNonQueryAsync();
        var now = DateTime.UtcNow;
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await using (var connection = await source.OpenConnectionAsync())
        await using (var copy = await connection.BeginBinaryImportAsync("COPY bench_events FROM STDIN (FORMAT BINARY)"))
        {
            foreach (var id in ids) await copy.WriteRowAsync(CancellationToken.None, id, now);
            await copy.CompleteAsync();
        }
        var rate = ids.Count / watch.Elapsed.TotalSeconds;
        await using var drop = source.CreateCommand("DROP TABLE bench_events");
        await drop.ExecuteNonQueryAsync();
        return rate;
    }
}
