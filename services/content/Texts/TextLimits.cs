namespace Newsletter.Content.Texts;

/// <summary>
/// What would take a parser quadratic time is refused before it is parsed: 60,000 nested tags cost AngleSharp 16 s, 30,000 open links
/// cost Markdig 20 s. At these limits a text of a megabyte takes a few seconds at worst, and nothing that people write comes near.
/// </summary>
internal static class TextLimits
{
    private const int MostTags = 5_000;
    private const int MostMarksInParagraph = 2_000;

    public static void Check(string markdown)
    {
        var (tags, marks) = (0, 0);
        foreach (var line in markdown.AsSpan().EnumerateLines())
        {
            if (line.IsWhiteSpace()) marks = 0;
            for (var i = 0; i < line.Length; i++)
            {
                if (line[i] is '[' or '*' or '_' or '~' or '`') marks++;
                else if (line[i] == '<' && i + 1 < line.Length && char.IsAsciiLetter(line[i + 1])) tags++;
            }
            if (tags > MostTags) throw new TextException($"The text has more than {MostTags} HTML tags.");
            if (marks > MostMarksInParagraph) throw new TextException($"A paragraph has more than {MostMarksInParagraph} marks such as [ and *.");
        }
    }
}
