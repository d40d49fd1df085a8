using System.Globalization;
using System.Text;

namespace Newsletter.Mailer.Templates;

/// <summary>Text that is safe as one header line: no line breaks or other controls, a bounded length.</summary>
internal static class Subject
{
    /// <summary>Inboxes show 40 to 70 characters; what is longer only feeds filters.</summary>
    public const int MaxLength = 180;

    public static string Of(string text, int maxLength = MaxLength)
    {
        if (text.Length <= maxLength && IsPlain(text)) return text;
        var line = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            var isBreak = Rune.IsWhiteSpace(rune) || Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.LineSeparator
                or UnicodeCategory.ParagraphSeparator;
            if (!isBreak) line.Append(rune.ToString());
            else if (line.Length > 0 && line[^1] != ' ') line.Append(' ');
        }
        var clean = line.ToString().TrimEnd();
        if (clean.Length <= maxLength) return clean;
        var end = maxLength - 1;
        if (char.IsHighSurrogate(clean[end - 1])) end--;
        return string.Concat(clean.AsSpan(0, end).TrimEnd(), "…");
    }

    /// <summary>As it stands already: visible ASCII, single spaces within. Nearly all header values are, several for each letter.</summary>
    private static bool IsPlain(string text)
    {
        var last = ' ';
        foreach (var c in text)
        {
            if (c is < ' ' or > '~' || (c == ' ' && last == ' ')) return false;
            last = c;
        }
        return last != ' ' || text.Length == 0;
    }
}
