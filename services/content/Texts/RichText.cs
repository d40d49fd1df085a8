using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using AngleSharp.Html.Parser;
using Ganss.Xss;
using Markdig;

namespace Newsletter.Content.Texts;

/// <summary>A text that cannot be handled safely; the message tells its author why.</summary>
internal sealed class TextException(string message) : Exception(message);

/// <summary>Markdown to HTML that is safe on pages and in mail: sanitised, with absolute addresses only.</summary>
internal static class RichText
{
    // The DOM is written out recursively; a thousand levels still fit the stack of a pool thread by far.
    private const int DeepestNesting = 200;

    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder()
        .UsePipeTables().UseFootnotes().UseAutoLinks().UseEmphasisExtras().UseFigures().UseTaskLists()
        .UseAutoIdentifiers(Markdig.Extensions.AutoIdentifiers.AutoIdentifierOptions.GitHub)
        .Build();

    private static readonly HtmlSanitizer Sanitizer = new(new HtmlSanitizerOptions
    {
        AllowedTags = new HashSet<string>
        {
            "a", "abbr", "b", "blockquote", "br", "caption", "cite", "code", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure",
            "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "samp", "section", "small", "span",
            "strong", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "u", "ul", "var",
        },
        AllowedAttributes = new HashSet<string> { "alt", "cite", "class", "colspan", "height", "href", "id", "lang", "rowspan", "src", "start", "title", "width" },
        AllowedSchemes = new HashSet<string> { "http", "https", "mailto" },
        UriAttributes = new HashSet<string> { "href", "src", "cite" },
    })
    {
        AllowedClasses = { "footnotes", "footnote-ref", "footnote-back-ref", "contains-task-list", "task-list-item" },
    };

    /// <summary>The sanitised body element. Throws <see cref="TextException"/>.</summary>
    /// <param name="address">What relative addresses are relative to.</param>
    public static IElement Render(string markdown, string address)
    {
        TextLimits.Check(markdown);
        string html;
        try
        {
            html = Markdown.ToHtml(markdown, Pipeline);
        }
        catch (ArgumentException)
        {
            throw new TextException("The text is nested too deeply.");
        }
        var document = new HtmlParser().ParseDocument(html);
        if (IsTooDeep(document)) throw new TextException("The text is nested too deeply.");
        var clean = Sanitizer.SanitizeDom((IHtmlDocument)document, document.Body!, address);
        return Finish(clean.Body!);
    }

    private static bool IsTooDeep(IDocument document)
    {
        var depth = 0;
        for (INode? node = document.Body; node is not null;)
        {
            if (depth > DeepestNesting) return true;
            if (node.FirstChild is { } child)
            {
                node = child;
                depth++;
                continue;
            }
            while (node is not null && node.NextSibling is null)
            {
                node = node == document.Body ? null : node.Parent;
                depth--;
            }
            node = node?.NextSibling;
        }
        return false;
    }

    private static IElement Finish(IElement body)
    {
        // The page's only h1 is its title.
        foreach (var heading in body.QuerySelectorAll("h1").ToList()) Replace(heading, "h2");
        // What scrolls sideways on a phone must be reachable by keyboard.
        foreach (var pre in body.QuerySelectorAll("pre")) pre.SetAttribute("tabindex", "0");
        foreach (var table in body.QuerySelectorAll("table").ToList())
        {
            var scroll = body.Owner!.CreateElement("div");
            scroll.ClassName = "scroll";
            table.Replace(scroll);
            scroll.AppendChild(table);
        }
        return body;
    }

    private static void Replace(IElement old, string tag)
    {
        var fresh = old.Owner!.CreateElement(tag);
        if (old.Id is { } id) fresh.Id = id;
        while (old.FirstChild is { } child) fresh.AppendChild(child);
        old.Replace(fresh);
    }
}
