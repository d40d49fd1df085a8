using System.Net.Http.Json;
using System.Text.Json;
using Npgsql;

namespace Newsletter.Benchmarks;

/// <summary>
/// A roundup of posts of 34 topics to 100,000 readers, each with a random set of topics, from its start until the last letter was accepted. Reference: the same audience without topics, who all get the same letter.
/// </summary>
internal static class RoundupBenchmark
{
    private const int Recipients = 100_000;
    private const int Topics = 34;
    private const int Runs = 5;
    private const string Api = "/api/v1/publications/scipapermill";

    public static async Task<IEnumerable<Figure>> RunAsync()
    {
        await using var sink = new MailSink();
        await sink.StartAsync();
        await using var house = new MailHouse(sink);
        await house.InitializeAsync();
        var owner = house.Staff();
        var publication = await owner.GetFromJsonAsync<JsonElement>(Api);
        var topics = publication.GetProperty("topics").EnumerateArray().Select(t => t.GetProperty("slug").GetString()!).Take(Topics).ToArray();
        await house.FillAsync(Recipients);
        await using var source = NpgsqlDataSource.Create(house.DatabaseOf("mailer").ConnectionString);
        await ExecuteAsync(source, """
            INSERT INTO recipient_consents (newsletter_id, subscriber_id, given_at)
            SELECT (n->>'id')::uuid, r.id, r.created_at FROM recipients r, publication_copies p, jsonb_array_elements(p.body::jsonb->'newsletters') n
            WHERE r.email LIKE 'load-%' AND lower(n->>'kind') = 'roundup' AND p.slug = 'scipapermill' ON CONFLICT DO NOTHING
            """);
        foreach (var topic in topics) await PublishAsync(owner, topic);

        List<double> many = [], one = [];
        for (var run = -1; run < Runs; run++)
        {
            var varied = await RoundupAsync(owner, sink, source, "(SELECT coalesce(json_agg(t), '[]')::text FROM unnest($1) t WHERE r.id IS NOT NULL AND random() < 0.3)", topics);
            var same = await RoundupAsync(owner, sink, source, "'[]'", topics);
            if (run < 0) continue; // warms the compiler up
            many.Add(varied);
            one.Add(same);
        }
        return [new("roundup of 34 topics, 100,000 readers of random topics, start → all accepted", many, "/s", "one variant", one)];
    }

    private static async Task<double> RoundupAsync(HttpClient owner, MailSink sink, NpgsqlDataSource source, string topics, string[] all)
    {
        await ExecuteAsync(source, $"UPDATE recipients r SET topics = {topics} WHERE email LIKE 'load-%'", (object)all);
        await ExecuteAsync(source, "VACUUM ANALYZE recipients");
        sink.Forget();
        var start = DateTimeOffset.UtcNow;
        using var made = await owner.PostAsJsonAsync($"{Api}/roundups", new { });
        made.EnsureSuccessStatusCode();
        var id = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
        var live = await MailBenchmark.AwaitAsync(owner, $"{Api}/editions/{id}/live", e => e.GetProperty("state").GetString() == "sent");
        var rate = sink.Letters / (live.GetProperty("lastAcceptedAt").GetDateTimeOffset() - start).TotalSeconds;
        // Somebody's random set may be empty, which is all topics: nobody is left out.
        sink.CheckOnceEach(Recipients);
        // The same slot once more.
        await ExecuteAsync(source, $"DELETE FROM deliveries WHERE edition_id = '{id}'; DELETE FROM batch_tallies WHERE edition_id = '{id}'; DELETE FROM batches WHERE edition_id = '{id}'; DELETE FROM variants WHERE edition_id = '{id}'; DELETE FROM editions WHERE id = '{id}'");
        return rate;
    }

    private static async Task PublishAsync(HttpClient owner, string topic)
    {
        var slug = $"load-{Guid.NewGuid():N}"[..16];
        using var made = await owner.PostAsJsonAsync($"{Api}/posts", new { title = $"News of {topic}", slug, kind = "article", access = "public", topics = new[] { topic }, summary = "What happened within this week, in a sentence or two.", body = "The whole of it." });
        made.EnsureSuccessStatusCode();
        using var published = await owner.PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail = false });
        published.EnsureSuccessStatusCode();
    }

    private static async Task ExecuteAsync(NpgsqlDataSource source, string sql, params object[] parameters)
    {
        await using var command = source.CreateCommand(sql);
        command.CommandTimeout = 600;
        foreach (var parameter in parameters) command.Parameters.AddWithValue(parameter);
        await command.ExecuteNonQueryAsync();
    }
}
