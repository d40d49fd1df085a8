using System.Text;
using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Providers;

/// <summary>A block's markup apart from the words and addresses in it. Blocks of one template have one markup, most of their bytes, and differ in the rest.</summary>
internal sealed partial class BlockShape
{
    private readonly List<(string Markup, int Value)> _parts = [];
    private readonly string _end;

    public BlockShape(string html, int longestValue)
    {
        List<string> values = [];
        StringBuilder markup = new();
        var from = 0;
        foreach (var match in Value().EnumerateMatches(html))
        {
            var value = html.Substring(match.Index, match.Length);
            // An address that stands there twice is one value.
            if (!values.Contains(value)) values.Add(value);
            _parts.Add((html[from..match.Index], values.IndexOf(value)));
            markup.Append(html, from, match.Index - from).Append('\0').Append(values.IndexOf(value)).Append('\0');
            from = match.Index + match.Length;
        }
        _end = html[from..];
        Markup = markup.Append(_end).ToString();
        Values = [.. values.Select(v => new CutText(v, longestValue))];
    }

    /// <summary>The same in all blocks of this shape.</summary>
    public string Markup { get; }

    public CutText[] Values { get; }

    public void AddTo(StringBuilder html, Func<int, string> value)
    {
        foreach (var (markup, at) in _parts) html.Append(markup).Append(value(at));
        html.Append(_end);
    }

    [GeneratedRegex("""(?<=href=")[^"]+|(?<=>)[^<]*[^<\s][^<]*(?=<)""")]
    private static partial Regex Value();
}
