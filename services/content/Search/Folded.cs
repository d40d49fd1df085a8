using System.Globalization;
using System.Text;

namespace Newsletter.Content.Search;

/// <summary>Text as it is compared: lower case, without accents, words apart by one space.</summary>
internal static class Folded
{
    private const int MostWords = 8;

    public static string Text(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var c in text.Normalize(NormalizationForm.FormD))
        {
            if (CharUnicodeInfo.GetUnicodeCategory(c) == UnicodeCategory.NonSpacingMark) continue;
            if (char.IsLetterOrDigit(c)) folded.Append(char.ToLowerInvariant(c));
            else if (folded.Length > 0 && folded[^1] != ' ') folded.Append(' ');
        }
        return folded.ToString().Trim();
    }

    public static string[] Words(string query) => [.. Text(query).Split(' ', StringSplitOptions.RemoveEmptyEntries).Take(MostWords)];
}
