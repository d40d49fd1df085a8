using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox.Mail;

/// <summary>What became of each letter, as SendGrid's Event Webhook tells it.</summary>
internal static class MailReports
{
    private const int EventsInAPost = 1000;

    public static bool IsDue(SqliteConnection connection, long now) =>
        connection.Scalar<long>("SELECT EXISTS (SELECT 1 FROM mails WHERE reported = 0 AND due_at <= $now)", ("$now", now)) == 1;

    /// <summary>Writes the events of one call of mail/send into the queue.</summary>
    public static void Report(SqliteConnection connection, long now, bool shuffled)
    {
        var mail = connection.Query(
            "SELECT id, message_id, template FROM mails WHERE reported = 0 AND due_at <= $now ORDER BY id LIMIT 1",
            row => (Id: row.GetInt64(0), MessageId: row.GetString(1), Template: JsonSerializer.Deserialize<MailTemplate>((byte[])row[2], MailJson.Options)!),
            ("$now", now)).First();
        var letters = connection.Query(
            "SELECT id, address, personalization FROM mail_recipients WHERE mail_id = $mail ORDER BY id",
            row => new ReportedLetter(
                mail.MessageId, row.GetInt64(0), row.GetString(1), mail.Template, JsonSerializer.Deserialize<Personalization>((byte[])row[2], MailJson.Options)!),
            ("$mail", mail.Id));
        // All first events before all second ones: that is how a thousand letters come back.
        var events = letters.SelectMany(letter => Fate(letter).Select((kind, step) => (letter, kind, step)))
            .OrderBy(entry => entry.step)
            .Select(entry => Event(entry.letter, entry.kind, (now / 1000) + entry.step))
            .ToArray();
        if (shuffled)
        {
            Random.Shared.Shuffle(events);
        }

        foreach (var post in events.Chunk(EventsInAPost))
        {
            WebhookQueue.Add(connection, WebhookQueue.SendGrid, now, body: new JsonArray([.. post]).ToJsonString());
        }

        connection.Execute("UPDATE mails SET reported = 1 WHERE id = $id", ("$id", mail.Id));
    }

    /// <summary>One more event of the last letter to an address; null when there is none.</summary>
    public static JsonObject? Engage(SqliteConnection connection, string address, string kind, string? url, long now)
    {
        var letter = connection.Query(
            "SELECT m.message_id, m.template, r.id, r.address, r.personalization FROM mail_recipients r JOIN mails m ON m.id = r.mail_id WHERE r.address = $to ORDER BY r.id DESC LIMIT 1",
            row => new ReportedLetter(
                row.GetString(0), row.GetInt64(2), row.GetString(3), JsonSerializer.Deserialize<MailTemplate>((byte[])row[1], MailJson.Options)!,
                JsonSerializer.Deserialize<Personalization>((byte[])row[4], MailJson.Options)!),
            ("$to", address.Trim().ToLowerInvariant())).FirstOrDefault();
        if (letter is null)
        {
            return null;
        }

        var told = Event(letter, kind, now / 1000, url, unique: true);
        WebhookQueue.Add(connection, WebhookQueue.SendGrid, now, body: new JsonArray(told).ToJsonString());
        return told;
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

    private static JsonObject Event(ReportedLetter letter, string kind, long at, string? url = null, bool unique = false)
    {
        // The same letter and kind give the same id, whenever they are told again.
        var seed = unique ? Guid.NewGuid().ToString() : $"{letter.MessageId}.{letter.Id}.{kind}";
        var told = new JsonObject
        {
            ["email"] = letter.Address,
            ["timestamp"] = at,
            ["event"] = kind switch { "blocked" or "latebounce" => "bounce", "machine_open" => "open", _ => kind },
            ["sg_event_id"] = Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(seed))[..16]).TrimEnd('=').Replace('+', '-').Replace('/', '_'),
        };
        if (kind != "latebounce")
        {
            told["sg_message_id"] = $"{letter.MessageId}.sandbox-{letter.Id}.0";
            told["smtp-id"] = $"<{letter.MessageId}@sandbox.example>";
        }

        if (letter.Template.Categories is { Count: > 0 } categories)
        {
            told["category"] = categories.Count == 1 ? categories[0] : new JsonArray([.. categories.Select(name => (JsonNode)name)]);
        }

        foreach (var (name, value) in Details(kind, letter, url))
        {
            told[name] = value;
        }

        foreach (var (name, value) in (letter.Template.CustomArgs ?? []).Concat(letter.Personal.CustomArgs ?? []))
        {
            told[name] = value;
        }

        return told;
    }

    private static (string Name, JsonNode Value)[] Details(string kind, ReportedLetter letter, string? url) => kind switch
    {
        "delivered" => [("response", "250 OK sandbox"), ("ip", "192.0.2.1"), ("tls", 1)],
        "deferred" => [("response", "450 4.2.1 try again later"), ("attempt", "1")],
        "dropped" => [("reason", "Bounced Address"), ("status", "5.0.0")],
        "bounce" or "latebounce" => [("type", "bounce"), ("status", "5.1.1"), ("reason", "550 5.1.1 The email account does not exist."), ("bounce_classification", "Invalid Address")],
        "blocked" => [("type", "blocked"), ("status", "5.7.1"), ("reason", "550 5.7.1 Refused by policy."), ("bounce_classification", "Reputation")],
        "open" => [("useragent", "Mozilla/5.0 (sandbox)"), ("ip", "192.0.2.2"), ("sg_machine_open", false)],
        "machine_open" => [("useragent", "Mozilla/5.0 (sandbox proxy)"), ("ip", "192.0.2.3"), ("sg_machine_open", true)],
        "click" => [("useragent", "Mozilla/5.0 (sandbox)"), ("ip", "192.0.2.2"), ("url", url ?? letter.FirstLink() ?? "https://example.com/"), ("url_offset", new JsonObject { ["index"] = 0, ["type"] = "html" })],
        _ => [],
    };
}

internal sealed partial record ReportedLetter(string MessageId, long Id, string Address, MailTemplate Template, Personalization Personal)
{
    public string? FirstLink() => Template.Content!.FirstOrDefault(part => part.Type == "text/html")?.Value is { } html && Link().Match(html) is { Success: true } match
        ? System.Net.WebUtility.HtmlDecode(match.Groups[1].Value)
        : null;

    [GeneratedRegex("href=[\"'](https?://[^\"']+)[\"']", RegexOptions.IgnoreCase)]
    private static partial Regex Link();
}
