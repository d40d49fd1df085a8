using System.Buffers;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox.Mail;

/// <summary>What became of each letter, as SendGrid's Event Webhook tells it.</summary>
internal static class MailReports
{
    private const int EventsInAPost = 1000;

    /// <summary>The posts that tell of the oldest call of mail/send which is due and not told of; null when there is none.</summary>
    public static (long Mail, List<string> Posts)? Due(SqliteConnection connection, long now, bool shuffled)
    {
        var mails = connection.Query(
            "SELECT id, message_id, template FROM mails WHERE reported = 0 AND due_at <= $now ORDER BY due_at, id LIMIT 1",
            row => (Id: row.GetInt64(0), MessageId: row.GetString(1), Template: JsonSerializer.Deserialize<MailTemplate>((byte[])row[2], MailJson.Options)!),
            ("$now", now));
        if (mails is not [var mail])
        {
            return null;
        }

        var letters = connection.Query(
            "SELECT id, address, personalization FROM mail_recipients WHERE mail_id = $mail ORDER BY id",
            row => new ReportedLetter(
                mail.MessageId, row.GetInt64(0), row.GetString(1), mail.Template, JsonSerializer.Deserialize<Personalization>((byte[])row[2], MailJson.Options)!),
            ("$mail", mail.Id));
        // All first events before all second ones: that is how a thousand letters come back.
        var events = letters.SelectMany(letter => Fate(letter).Select((kind, step) => (letter, kind, step))).OrderBy(entry => entry.step).ToArray();
        if (shuffled)
        {
            Random.Shared.Shuffle(events);
        }

        return (mail.Id, [.. events.Chunk(EventsInAPost).Select(post => Post(writer =>
        {
            foreach (var (letter, kind, step) in post)
            {
                ReportWriter.Write(writer, letter, kind, (now / 1000) + step, null, $"{letter.MessageId}.{letter.Id}.{kind}");
            }
        }))]);
    }

    public static void Told(SqliteConnection connection, long mail, List<string> posts, long now)
    {
        foreach (var post in posts)
        {
            WebhookQueue.Add(connection, WebhookQueue.SendGrid, now, body: post);
        }

        connection.Execute("UPDATE mails SET reported = 1 WHERE id = $id", ("$id", mail));
    }

    /// <summary>One more event of the last letter to an address; false when there is none.</summary>
    public static bool Engage(SqliteConnection connection, string address, string kind, string? url, string? reason, long now)
    {
        var letters = connection.Query(
            "SELECT m.message_id, m.template, r.id, r.address, r.personalization FROM mail_recipients r JOIN mails m ON m.id = r.mail_id WHERE r.address = $to ORDER BY r.id DESC LIMIT 1",
            row => new ReportedLetter(
                row.GetString(0), row.GetInt64(2), row.GetString(3), JsonSerializer.Deserialize<MailTemplate>((byte[])row[1], MailJson.Options)!,
                JsonSerializer.Deserialize<Personalization>((byte[])row[4], MailJson.Options)!),
            ("$to", address.Trim().ToLowerInvariant()));
        if (letters is not [var letter])
        {
            return false;
        }

        var body = Post(writer => ReportWriter.Write(writer, letter, kind, now / 1000, url, Guid.NewGuid().ToString(), reason));
        WebhookQueue.Add(connection, WebhookQueue.SendGrid, now, body: body);
        return true;
    }

    private static string Post(Action<Utf8JsonWriter> events)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartArray();
            events(writer);
            writer.WriteEndArray();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    /// <summary>What an address on a reserved domain asks for, by its tag (<c>anyone+bounce@example.com</c>) or its local part.</summary>
    private static string[] Fate(ReportedLetter letter)
    {
        var (local, domain) = letter.Address.LastIndexOf('@') is var at ? (letter.Address[..at], letter.Address[(at + 1)..]) : default;
        var wish = domain is "example.com" or "example.org" or "example.net" || domain.EndsWith(".example", StringComparison.Ordinal)
            ? local[(local.LastIndexOf('+') + 1)..]
            : "";
        return wish switch
        {
            "bounce" or "blocked" => ["processed", wish],
            "latebounce" => ["processed", "delivered", "latebounce"],
            "defer" => ["processed", "deferred", "delivered"],
            "drop" => ["dropped"],
            "spam" => ["processed", "delivered", "spamreport"],
            "open" => ["processed", "delivered", "open"],
            "machine" => ["processed", "delivered", "machine_open"],
            "click" => ["processed", "delivered", "open", "click"],
            "unsubscribe" => ["processed", "delivered", "unsubscribe"],
            _ => ["processed", "delivered"],
        };
    }
}
