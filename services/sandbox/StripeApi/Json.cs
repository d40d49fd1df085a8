using System.Text.Json.Nodes;

namespace Newsletter.Sandbox.StripeApi;

/// <summary>Reading Stripe's objects, which live here as the JSON that they are on the wire.</summary>
internal static class Json
{
    public static JsonObject Parse(string json) => JsonNode.Parse(json)!.AsObject();

    public static string? Text(this JsonObject from, string name) => from[name] is JsonValue value ? (string?)value : null;

    public static string Id(this JsonObject from) => from.Text("id")!;

    /// <summary>Zero where there is none. What was not parsed but made here may hold an int.</summary>
    public static long Long(this JsonObject from, string name) => from[name] switch
    {
        JsonValue value when value.TryGetValue<int>(out var number) => number,
        JsonValue value => (long)value,
        _ => 0,
    };

    public static bool Flag(this JsonObject from, string name) => from[name] is JsonValue value && (bool)value;

    public static JsonObject Object(this JsonObject from, string name) => from[name]!.AsObject();

    /// <summary>The <c>data</c> of an embedded list.</summary>
    public static IEnumerable<JsonObject> Data(this JsonObject from, string name) => from.Object(name)["data"]!.AsArray().Select(item => item!.AsObject());

    public static IEnumerable<string> Texts(this JsonObject from, string name) =>
        from[name] is JsonArray array ? array.Select(item => (string)item!) : [];

    public static JsonObject Clone(this JsonObject from) => from.DeepClone().AsObject();

    public static JsonArray Array(IEnumerable<JsonNode?> nodes) => [.. nodes];

    public static JsonObject List(string url, IEnumerable<JsonObject> items, bool more = false) => new()
    {
        ["object"] = "list",
        ["data"] = Array(items),
        ["has_more"] = more,
        ["url"] = url,
    };

    /// <summary>A copy without the fields that start with an underscore: those are the sandbox's own notes.</summary>
    public static JsonObject Public(this JsonObject from)
    {
        var copy = new JsonObject();
        foreach (var (name, value) in from)
        {
            if (!name.StartsWith('_'))
            {
                copy[name] = value?.DeepClone();
            }
        }

        return copy;
    }
}
