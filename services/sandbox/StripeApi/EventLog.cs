using System.Text.Json.Nodes;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox.StripeApi;

/// <summary>What happened in an account, in order; each event goes to the account's webhook endpoints, or to the configured target.</summary>
internal static class EventLog
{
    public static void Append(Account account, string type, JsonObject subject, JsonObject? previous)
    {
        var data = new JsonObject { ["object"] = subject };
        if (previous is not null)
        {
            data["previous_attributes"] = previous;
        }

        var id = Account.NewId("evt");
        var entry = new JsonObject
        {
            ["id"] = id,
            ["object"] = "event",
            ["api_version"] = Account.ApiVersion,
            ["created"] = account.Now,
            ["data"] = data,
            ["livemode"] = false,
            ["pending_webhooks"] = 1,
            ["request"] = new JsonObject { ["id"] = account.RequestId, ["idempotency_key"] = account.IdempotencyKey },
            ["type"] = type,
        };
        account.Connection.Execute(
            "INSERT INTO stripe_events (id, account, type, created, json) VALUES ($id, $account, $type, $created, $json)",
            ("$id", id), ("$account", account.Id), ("$type", type), ("$created", account.Now), ("$json", entry.ToJsonString()));
        WebhookQueue.AddStripe(account, id, type);
    }

    public static JsonObject List(Account account, Form form, string _)
    {
        form.Only($"{Listing.Paging} type types delivery_success");
        var where = new List<string> { "account = $account" };
        var values = new List<(string, object?)> { ("$account", account.Id) };
        var types = form.Text("type") is { } type ? [type] : form.Texts("types");
        if (types.Count > 0)
        {
            where.Add($"type IN ({string.Join(", ", types.Select((_, i) => $"$type{i}"))})");
            values.AddRange(types.Select((name, i) => ($"$type{i}", (object?)name)));
        }

        if (form.Flag("delivery_success") is { } success)
        {
            where.Add($"{(success ? "NOT " : "")}EXISTS (SELECT 1 FROM webhook_queue WHERE event_id = stripe_events.id)");
        }

        var page = Listing.Page(account, form, "stripe_events", where, values, "/v1/events");
        foreach (var entry in page["data"]!.AsArray())
        {
            Count(account, entry!.AsObject());
        }

        return page;
    }

    public static JsonObject Retrieve(Account account, Form form, string id) => account.Connection.Scalar<string>(
        "SELECT json FROM stripe_events WHERE id = $id AND account = $account", ("$id", id), ("$account", account.Id)) is { } json
        ? Count(account, Json.Parse(json))
        : throw StripeFault.NoSuch("event", id, "id");

    private static JsonObject Count(Account account, JsonObject entry)
    {
        entry["pending_webhooks"] = account.Connection.Scalar<long>(
            "SELECT count(*) FROM webhook_queue WHERE event_id = $id AND gave_up = 0", ("$id", entry.Id()));
        return entry;
    }
}
