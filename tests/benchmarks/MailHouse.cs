using Newsletter.Tests.Harness.Installations;
using Npgsql;

namespace Newsletter.Benchmarks;

/// <summary>An installation whose mail goes to a sink, with readers by the million.</summary>
internal sealed class MailHouse(MailSink sink, params (string Name, string Value)[] settings) : Distributed
{
    protected override IReadOnlyDictionary<string, string> Settings { get; } =
        settings.Append(("SendGrid__ApiBase", sink.Address.ToString())).ToDictionary(s => s.Item1, s => s.Item2);

    /// <summary>
    /// So many readers of the first publication, all of them like one who was imported. In the mailer's copies only: it knows whom it mails from them alone, and the other services have no part in an edition.
    /// </summary>
    public async Task FillAsync(int readers)
    {
        await using var source = NpgsqlDataSource.Create(DatabaseOf("mailer").ConnectionString);
        if (await CountAsync(source) == 0)
        {
            await MailBenchmark.ImportAsync(Staff(), 1, MailBenchmark.Address);
            await MailBenchmark.UntilAsync(async () => await CountAsync(source) == 1, "the first reader's copy");
        }
        // Ids of version 7, as if one had come each millisecond.
        var from = DateTimeOffset.UtcNow.AddDays(-1).ToUnixTimeMilliseconds();
        await using var fill = source.CreateCommand($"""
            CREATE TEMPORARY TABLE filled AS
            SELECT n, overlay(lpad(to_hex({from} + n), 12, '0') || substr(replace(gen_random_uuid()::text, '-', ''), 13) PLACING '7' FROM 13)::uuid AS id
            FROM generate_series({await CountAsync(source)}, {readers - 1}) n;
            INSERT INTO recipients SELECT (jsonb_populate_record(r, jsonb_build_object(
                'id', f.id, 'email', 'load-' || n || '@example.com', 'normalised_email', 'load-' || n || '@example.com', 'name', 'Reader ' || n,
                'address_hash', encode(sha256(f.id::text::bytea), 'hex'), 'unsubscribe_token', substr(encode(sha256(('u' || f.id)::bytea), 'base64'), 1, 32)))).*
            FROM recipients r, filled f WHERE r.email = 'load-0@example.com';
            INSERT INTO recipient_consents SELECT (jsonb_populate_record(c, jsonb_build_object('subscriber_id', f.id))).*
            FROM recipient_consents c JOIN recipients r ON r.id = c.subscriber_id, filled f WHERE r.email = 'load-0@example.com';
            """);
        fill.CommandTimeout = 600;
        await fill.ExecuteNonQueryAsync();
        await using var tidy = source.CreateCommand("VACUUM ANALYZE recipients, recipient_consents; CHECKPOINT");
        tidy.CommandTimeout = 600;
        await tidy.ExecuteNonQueryAsync();
    }

    private static async Task<int> CountAsync(NpgsqlDataSource source)
    {
        await using var count = source.CreateCommand("SELECT count(*)::int FROM recipients WHERE email LIKE 'load-%'");
        return (int)(await count.ExecuteScalarAsync())!;
    }
}
