using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Primitives;

namespace Newsletter.Sandbox.StripeApi;

/// <summary>Stripe's nested form encoding: <c>items[0][price]=price_1&amp;metadata[post]=7</c>. Every value is a string; an empty one unsets.</summary>
internal sealed class Form(JsonObject values, string path = "")
{
    private const int MaxDepth = 6;

    public static Form Empty => new([]);

    public bool Has(string name) => values.ContainsKey(name);

    public static Form Parse(IEnumerable<KeyValuePair<string, StringValues>> pairs)
    {
        var root = new JsonObject();
        foreach (var (key, given) in pairs)
        {
            var names = key.Split('[', MaxDepth + 2).Select(part => part.TrimEnd(']')).ToArray();
            if (names[0].Length == 0 || names.Length > MaxDepth)
            {
                throw StripeFault.Invalid($"Invalid parameter name: {key}", key);
            }

            foreach (var value in given)
            {
                Put(root, names, value ?? "", key);
            }
        }

        return new(Arrays(root).AsObject());
    }

    /// <summary>Refuses a name that the call does not know, as Stripe does: a typing error should not pass for a setting.</summary>
    public Form Only(string names)
    {
        var known = names.Split(' ').Append("expand").ToHashSet();
        return values.Select(pair => pair.Key).FirstOrDefault(name => !known.Contains(name)) is { } unknown
            ? throw StripeFault.Invalid($"Received unknown parameter: {Path(unknown)}", Path(unknown), "parameter_unknown")
            : this;
    }

    /// <summary>Those of the names, separated by spaces, that were sent.</summary>
    public IEnumerable<string> Given(string names) => names.Split(' ').Where(Has);

    public string? Text(string name) => values[name] switch
    {
        null => null,
        JsonValue value => (string?)value is { Length: > 0 } text ? text : null,
        _ => throw StripeFault.Invalid($"Invalid string: {Path(name)}", Path(name)),
    };

    public string Need(string name) => Text(name) ?? throw StripeFault.Missing(Path(name));

    /// <summary>One of the words in <paramref name="words"/>.</summary>
    public string? Word(string name, string words) => Text(name) is not { } text || words.Split(' ').Contains(text)
        ? Text(name)
        : throw StripeFault.Invalid($"Invalid {Path(name)}: must be one of {words.Replace(" ", ", ")}", Path(name));

    /// <summary>An absolute http or https address.</summary>
    public string? Address(string name) => Text(name) is not { } text
        || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && text.Length <= 5_000)
        ? Text(name)
        : throw StripeFault.Invalid("Not a valid URL", Path(name), "url_invalid");

    public long? Long(string name) => Text(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number
        : throw StripeFault.Invalid($"Invalid integer: {text}", Path(name), "parameter_invalid_integer");

    public decimal? Decimal(string name) => Text(name) is not { } text ? null
        : decimal.TryParse(text, NumberStyles.Number, CultureInfo.InvariantCulture, out var number) ? number
        : throw StripeFault.Invalid($"Invalid decimal: {text}", Path(name));

    public bool? Flag(string name) => Text(name) switch
    {
        null => null,
        "true" => true,
        "false" => false,
        var text => throw StripeFault.Invalid($"Invalid boolean: {text}", Path(name)),
    };

    public Form Sub(string name) => values[name] switch
    {
        JsonObject child => new(child, Path(name)),
        null => new([], Path(name)),
        _ => throw StripeFault.Invalid("Invalid object", Path(name)),
    };

    public IReadOnlyList<Form> Forms(string name) => values[name] switch
    {
        JsonArray array => [.. array.Select((item, i) => item is JsonObject child
            ? new Form(child, $"{Path(name)}[{i}]")
            : throw StripeFault.Invalid("Invalid object", $"{Path(name)}[{i}]"))],
        null => [],
        JsonValue value when (string?)value is "" => [],
        _ => throw StripeFault.Invalid("Invalid array", Path(name)),
    };

    public IReadOnlyList<string> Texts(string name) => values[name] switch
    {
        JsonArray array => [.. array.Select(item => item is JsonValue value ? (string)value! : throw StripeFault.Invalid("Invalid string", Path(name)))],
        null => [],
        JsonValue value when (string?)value is "" => [],
        _ => throw StripeFault.Invalid("Invalid array", Path(name)),
    };

    /// <summary>Merges <c>metadata[…]</c> into what is there: an empty value removes its key.</summary>
    public JsonObject Metadata(JsonNode? before = null)
    {
        var metadata = before is JsonObject known ? known.Clone() : [];
        if (values["metadata"] is JsonValue)
        {
            return [];
        }

        foreach (var (key, value) in values["metadata"] as JsonObject ?? [])
        {
            if (value is not JsonValue text || key.Length > 40 || ((string)text!).Length > 500)
            {
                throw StripeFault.Invalid("Metadata takes keys of up to 40 characters and text values of up to 500.", Path($"metadata[{key}]"));
            }

            metadata.Remove(key);
            if ((string)text! is { Length: > 0 } kept)
            {
                metadata[key] = kept;
            }
        }

        return metadata.Count <= 50 ? metadata : throw StripeFault.Invalid("Metadata takes up to 50 keys.", Path("metadata"));
    }

    /// <summary>The same for every order of the same parameters.</summary>
    public string Fingerprint() => new StringBuilder().AppendJoin('&', Leaves(values, "").Order(StringComparer.Ordinal)).ToString();

    private string Path(string name) => path.Length == 0 ? name : $"{path}[{name}]";

    private static void Put(JsonObject node, ReadOnlySpan<string> names, string value, string key)
    {
        var name = names[0].Length > 0 ? names[0] : node.Count.ToString(CultureInfo.InvariantCulture);
        if (names.Length == 1)
        {
            node[name] = value;
            return;
        }

        node[name] ??= new JsonObject();
        Put(node[name] as JsonObject ?? throw StripeFault.Invalid("Invalid object", key), names[1..], value, key);
    }

    private static JsonNode Arrays(JsonObject node)
    {
        foreach (var (name, child) in node.ToList())
        {
            if (child is JsonObject nested)
            {
                node[name] = null;
                node[name] = Arrays(nested);
            }
        }

        return node.Count > 0 && node.All(pair => pair.Key.All(char.IsAsciiDigit) && pair.Key.Length < 5)
            ? Json.Array(node.OrderBy(pair => int.Parse(pair.Key, CultureInfo.InvariantCulture)).Select(pair => pair.Value?.DeepClone()))
            : node;
    }

    private static IEnumerable<string> Leaves(JsonNode? node, string at) => node switch
    {
        JsonObject nested => nested.SelectMany(pair => Leaves(pair.Value, $"{at}[{pair.Key}]")),
        JsonArray array => array.SelectMany((item, i) => Leaves(item, $"{at}[{i}]")),
        _ => [$"{at}={node}"],
    };
}
