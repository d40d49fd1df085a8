using System.Text.RegularExpressions;
using AngleSharp;
using AngleSharp.Dom;
using Newsletter.Contracts;

namespace Newsletter.Content.Texts;

/// <summary>Makes a post's texts ready: the whole, its free teaser, its sections, its entries.</summary>
internal static partial class Renderer
{
    private const int WordsPerMinute = 230;

    // Stands where the author wrote <!--more-->, through Markdown and the sanitiser.
    private const string Mark = "more-6b1f0c0e5d0a4f7b";

    /// <summary>Throws <see cref="TextException"/>.</summary>
    /// <param name="url">The post's own address.</param>
    public static Rendering Render(string body, IReadOnlyList<EntrySource> entries, string url)
    {
        var content = RichText.Render(More().Replace(body, $"\n\n<p>{Mark}</p>\n\n", 1), url);
        var (teaser, whole) = Split(content);
        var rendered = Entries(entries, url, [.. content.QuerySelectorAll("[id]").Select(e => e.Id!)]);
        var words = whole.Sum(n => Words(n.TextContent)) + rendered.Sum(e => Words(e.Text));
        return new()
        {
            Teaser = PieceOf(teaser),
            Whole = PieceOf(whole),
            Sections = Sections(whole),
            Entries = rendered,
            Words = words,
            Minutes = Math.Max(1, (words + WordsPerMinute / 2) / WordsPerMinute),
        };
    }

    private static (IReadOnlyList<INode> Teaser, IReadOnlyList<INode> Whole) Split(IElement content)
    {
        var mark = content.Children.FirstOrDefault(e => e.TextContent == Mark);
        var whole = content.ChildNodes.Where(n => n != mark).ToList();
        if (mark is not null) return ([.. content.ChildNodes.TakeWhile(n => n != mark)], whole);
        // Unmarked: the first paragraph, where that is not most of it.
        var first = content.FirstElementChild;
        return (first is { LocalName: "p" } && content.ChildElementCount >= 3 ? [first] : [], whole);
    }

    private static List<Section> Sections(IReadOnlyList<INode> nodes)
    {
        List<Section> sections = [];
        List<INode> under = [];
        IElement? heading = null;
        foreach (var node in nodes)
        {
            if (node is IElement { LocalName: "h2" } next)
            {
                Close();
                heading = next;
            }
            else under.Add(node);
        }
        Close();
        return sections;

        void Close()
        {
            var html = Html(under);
            if (heading is not null || html.Length > 0) sections.Add(new(heading?.Id ?? "", heading?.TextContent.Trim() ?? "", html));
            under.Clear();
        }
    }

    private static List<EntrySnapshot> Entries(IReadOnlyList<EntrySource> entries, string url, HashSet<string> anchors)
    {
        List<EntrySnapshot> rendered = [];
        foreach (var entry in entries)
        {
            var summary = RichText.Render(entry.Summary, url).ChildNodes.ToList();
            var anchor = Anchor(entry.Name);
            for (var i = 2; !anchors.Add(anchor); i++) anchor = $"{Anchor(entry.Name)}-{i}";
            rendered.Add(new()
            {
                Id = entry.Id,
                Name = entry.Name,
                Title = entry.Title,
                Section = entry.Section,
                Authors = entry.Authors,
                Html = Html(summary),
                Text = PlainText.Of(summary),
                Topics = entry.Topics,
                Links = [.. entry.Links.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => new EntryLink(l.Key, l.Value))],
                Url = $"{url}#{anchor}",
            });
        }
        return rendered;
    }

    private static string Anchor(string name)
    {
        var anchor = NotInAnchors().Replace(name.ToLowerInvariant(), "-").Trim('-');
        return anchor.Length > 0 ? anchor : "entry";
    }

    private static Piece PieceOf(IReadOnlyList<INode> nodes) => new(Html(nodes), PlainText.Of(nodes));

    private static string Html(IEnumerable<INode> nodes) => string.Concat(nodes.Select(n => n.ToHtml())).Trim();

    private static int Words(string text) => Word().Count(text);

    /// <summary>Whether the author has said where the free preview ends.</summary>
    public static bool IsMarked(string body) => More().IsMatch(body);

    [GeneratedRegex(@"^[ \t]*<!--[ \t]*more[ \t]*-->[ \t]*\r?$", RegexOptions.Multiline | RegexOptions.IgnoreCase)]
    private static partial Regex More();

    [GeneratedRegex(@"[^\p{L}\p{N}]+")]
    private static partial Regex NotInAnchors();

    [GeneratedRegex(@"[\p{L}\p{N}]+")]
    private static partial Regex Word();
}
