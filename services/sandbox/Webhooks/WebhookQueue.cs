using Microsoft.Data.Sqlite;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Webhooks;

/// <summary>A post that waits for its receiver.</summary>
internal sealed record QueuedPost(long Id, string? EventId, string? Endpoint, string? Body, long Created, int Attempts);

internal static class WebhookQueue
{
    public const string Stripe = "stripe";
    public const string SendGrid = "sendgrid";

    public static void AddStripe(Account account, string eventId, string type)
    {
        var receivers = account.Where("webhook_endpoint", "$.status", "enabled");
        if (receivers.Count == 0)
        {
            Add(account.Connection, Stripe, account.Now * 1000, eventId);
        }

        foreach (var receiver in receivers.Where(known => known.Texts("enabled_events").Any(name => name == "*" || name == type)))
        {
            Add(account.Connection, Stripe, account.Now * 1000, eventId, receiver.Id());
        }
    }

    public static void Add(
        SqliteConnection connection, string sender, long now, string? eventId = null, string? endpoint = null, string? body = null) =>
        connection.Execute(
            "INSERT INTO webhook_queue (sender, event_id, endpoint, body, created, due_at) VALUES ($sender, $event, $endpoint, $body, $now, $now)",
            ("$sender", sender), ("$event", eventId), ("$endpoint", endpoint), ("$body", body), ("$now", now));

    public static List<QueuedPost> Due(SqliteConnection connection, string sender, long now, bool shuffled) => connection.Query(
        $"""
        SELECT id, event_id, endpoint, body, created, attempts FROM webhook_queue
        WHERE sender = $sender AND gave_up = 0 AND due_at <= $now ORDER BY {(shuffled ? "random()" : "id")} LIMIT 50
        """,
        row => new QueuedPost(
            row.GetInt64(0), Text(row, 1), Text(row, 2), Text(row, 3), row.GetInt64(4), row.GetInt32(5)),
        ("$sender", sender), ("$now", now));

    public static void Done(SqliteConnection connection, QueuedPost post) =>
        connection.Execute("DELETE FROM webhook_queue WHERE id = $id", ("$id", post.Id));

    /// <summary>One second, two, four, up to half a minute; given up when it is older than <paramref name="patience"/>.</summary>
    public static void Failed(SqliteConnection connection, QueuedPost post, string answer, DateTimeOffset now, TimeSpan patience)
    {
        var pause = TimeSpan.FromSeconds(Math.Min(30, Math.Pow(2, Math.Min(post.Attempts, 10))));
        connection.Execute(
            "UPDATE webhook_queue SET attempts = attempts + 1, answer = $answer, due_at = $due, gave_up = $over WHERE id = $id",
            ("$answer", answer), ("$due", (now + pause).ToUnixTimeMilliseconds()),
            ("$over", now.ToUnixTimeMilliseconds() - post.Created > patience.TotalMilliseconds), ("$id", post.Id));
    }

    private static string? Text(SqliteDataReader row, int column) => row.IsDBNull(column) ? null : row.GetString(column);
}
