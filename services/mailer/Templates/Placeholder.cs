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

    /// <summary>The blocks of a roundup that the reader gets: <see cref="PersonalList"/>.</summary>
    public const string List = "-~list~-";

    private const string Opening = "-~";
    private const string Closing = "~-";
    private const string Broken = "-\u2060~";

    /// <summary>The same with every placeholder in its strings broken: whoever writes a post must not have readers' tokens put into it.</summary>
    public static T Defuse<T>(T value)
    {
        var json = JsonSerializer.Serialize(value, Json.Options);
        return json.Contains(Opening, StringComparison.Ordinal)
            ? JsonSerializer.Deserialize<T>(json.Replace(Opening, Broken, StringComparison.Ordinal), Json.Options)!
            : value;
    }

    /// <summary>Where placeholders stand, in order.</summary>
    public static IEnumerable<Range> In(string text)
    {
        var from = 0;
        while (text.IndexOf(Closing, from, StringComparison.Ordinal) is >= 0 and var end)
        {
            var start = text.AsSpan(from, end - from).LastIndexOf(Opening, StringComparison.Ordinal);
            // The closing one's last character may be another's first.
            if (start < 0)
            {
                from = end + 1;
                continue;
            }
            yield return (from + start)..(end + Closing.Length);
            from = end + Closing.Length;
        }
    }

    public static string Fill(string text, IReadOnlyCollection<KeyValuePair<string, string>> values)
    {
        foreach (var (placeholder, value) in values) text = text.Replace(placeholder, value, StringComparison.Ordinal);
        return text;
    }
}
