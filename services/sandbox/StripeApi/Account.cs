using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Microsoft.Data.Sqlite;
using Newsletter.Sandbox.Storage;

namespace Newsletter.Sandbox.StripeApi;

/// <summary>The objects of one Stripe account within one transaction. Each secret key is an account of its own.</summary>
internal sealed class Account(SqliteConnection connection, string id, DateTimeOffset now, string publicUrl)
{
    public const string ApiVersion = "2026-10-28.endive";

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    public string Id => id;

    public long Now => now.ToUnixTimeSeconds();

    public SqliteConnection Connection => connection;

    public string? RequestId { get; init; }

    public string? IdempotencyKey { get; init; }

    public static string NewId(string prefix) => $"{prefix}_{RandomNumberGenerator.GetString(Alphabet, 24)}";

    public string Link(string path) => publicUrl + path;

    /// <summary>The account that an object belongs to, for pages that know only the object.</summary>
    public static string? OwnerOf(SqliteConnection connection, string objectId) =>
        connection.Scalar<string>("SELECT account FROM stripe_objects WHERE id = $id", ("$id", objectId));

    public JsonObject? Find(string objectId) => connection.Scalar<string>(
        "SELECT json FROM stripe_objects WHERE id = $id AND account = $account", ("$id", objectId), ("$account", id)) is { } json
        ? Json.Parse(json)
        : null;

    public JsonObject Get(string kind, string objectId, string param = "id") =>
        Find(objectId) is { } found && found.Text("object") == kind && !found.Flag("deleted")
            ? found
            : throw StripeFault.NoSuch(kind, objectId, param);

    /// <summary>All objects of a kind, oldest first, with <paramref name="value"/> at <paramref name="path"/> (a JSON path).</summary>
    public List<JsonObject> Where(string kind, string path, string value) => connection.Query(
        "SELECT json FROM stripe_objects WHERE account = $account AND kind = $kind AND json_extract(json, $path) = $value ORDER BY seq",
        row => Json.Parse(row.GetString(0)),
        ("$account", id), ("$kind", kind), ("$path", path), ("$value", value));

    public JsonObject Add(JsonObject added, string? eventType = null)
    {
        var inserted = connection.Execute(
            "INSERT OR IGNORE INTO stripe_objects (id, account, kind, created, json) VALUES ($id, $account, $kind, $created, $json)",
            ("$id", added.Id()), ("$account", id), ("$kind", added.Text("object")), ("$created", Now), ("$json", added.ToJsonString()));
        if (inserted == 0)
        {
            throw StripeFault.Invalid($"{added.Text("object")} already exists: {added.Id()}", "id", "resource_already_exists");
        }

        return Told(added, eventType, null);
    }

    /// <summary>Writes what changed, and tells it as an event that carries the values before.</summary>
    public JsonObject Save(JsonObject changed, string? eventType = null)
    {
        var before = Find(changed.Id())!;
        var previous = new JsonObject();
        foreach (var (name, value) in changed)
        {
            if (!name.StartsWith('_') && !JsonNode.DeepEquals(value, before[name]))
            {
                previous[name] = before[name]?.DeepClone();
            }
        }

        connection.Execute(
            "UPDATE stripe_objects SET json = $json WHERE id = $id", ("$id", changed.Id()), ("$json", changed.ToJsonString()));
        return Told(changed, previous.Count > 0 ? eventType : null, previous);
    }

    public JsonObject Told(JsonObject told, string? eventType, JsonObject? previous = null)
    {
        if (eventType is not null)
        {
            EventLog.Append(this, eventType, told.Public(), previous);
        }

        return told;
    }

    public void Remove(string objectId) => connection.Execute(
        "DELETE FROM stripe_objects WHERE id = $id AND account = $account", ("$id", objectId), ("$account", id));

    public static string Number(string prefix, long number) => $"{prefix}-{number.ToString("D4", CultureInfo.InvariantCulture)}";
}
