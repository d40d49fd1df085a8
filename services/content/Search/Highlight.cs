using System.Net;
using System.Text;

namespace Newsletter.Content.Search;

/// <summary>Marks the words that were searched for, in text that is encoded on the way.</summary>
internal static class Highlight
{
    public static string Marked(string text, string query)
    {
        var words = Folded.Words(query);
        var marked = new StringBuilder(text.Length + 32);
        for (var i = 0; i < text.Length;)
        {
            var end = i;
            if (!char.IsLetterOrDigit(text[i]))
            {
                while (end < text.Length && !char.IsLetterOrDigit(text[end])) end++;
                marked.Append(WebUtility.HtmlEncode(text[i..end]));
            }
            else
            {
                while (end < text.Length && char.IsLetterOrDigit(text[end])) end++;
                var word = WebUtility.HtmlEncode(text[i..end]);
                var folded = Folded.Text(text[i..end]);
                if (words.Any(w => folded.StartsWith(w, StringComparison.Ordinal))) marked.Append("<mark>").Append(word).Append("</mark>");
                else marked.Append(word);
            }
            i = end;
        }
        return marked.ToString();
    }
}
