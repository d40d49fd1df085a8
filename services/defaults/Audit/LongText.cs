using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Newsletter.Defaults.Audit;

/// <summary>Of a post's body the log keeps where it changed, not all of it twice.</summary>
internal static class LongText
{
    private const int Kept = 200;
    private const int Context = 40;

    public static JsonSerializerOptions Json { get; } = new(Http.Json.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Both from shortly before their first difference on, at most 200 characters of each, with the whole length where something is left out.</summary>
    public static (string? Before, string? After) Cut(string? before, string? after)
    {
        if (before is not { Length: > Kept } && after is not { Length: > Kept }) return (before, after);
        var start = before is null || after is null ? 0 : Math.Max(0, before.AsSpan().CommonPrefixLength(after) - Context);
        return (Cut(before, start), Cut(after, start));
    }

    private static string? Cut(string? text, int start)
    {
        if (text is null) return null;
        start = Whole(text, Math.Min(start, text.Length));
        var end = Whole(text, Math.Min(text.Length, start + Kept));
        if (start == 0 && end == text.Length) return text;
        var length = text.Length.ToString("N0", CultureInfo.InvariantCulture);
        return $"{(start > 0 ? "…" : "")}{text[start..end]}{(end < text.Length ? "…" : "")} ({length} characters)";
    }

    /// <summary>Not between the two halves of a character.</summary>
    private static int Whole(string text, int at) => at > 0 && at < text.Length && char.IsLowSurrogate(text[at]) ? at - 1 : at;
}
