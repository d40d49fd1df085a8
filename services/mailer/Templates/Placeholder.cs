using System.Text.Json;
using Newsletter.Defaults.Http;

namespace Newsletter.Mailer.Templates;

/// <summary>
/// Personal parts that the provider puts in per recipient. Their values are URL-safe, so that one value fits HTML, text and addresses;
/// the delimiters survive HTML encoding and occur in no prose.
/// </summary>
internal static class Placeholder
{
    /// <summary>The reader as tracking knows them.</summary>
    public const string Reader = "-~reader~-";

    /// <summary>The unsubscribe token.</summary>
    public const string Unsubscribe = "-~unsubscribe~-";

    private const string Opening = "-~";
    private const string Broken = "-\u2060~";

    /// <summary>The same with every placeholder in its strings broken: whoever writes a post must not have readers' tokens put into it.</summary>
    public static T Defuse<T>(T value)
    {
        var json = JsonSerializer.Serialize(value, Json.Options);
        return json.Contains(Opening, StringComparison.Ordinal)
            ? JsonSerializer.Deserialize<T>(json.Replace(Opening, Broken, StringComparison.Ordinal), Json.Options)!
            : value;
    }

    public static string Fill(string text, IReadOnlyCollection<KeyValuePair<string, string>> values)
    {
        foreach (var (placeholder, value) in values) text = text.Replace(placeholder, value, StringComparison.Ordinal);
        return text;
    }
}
