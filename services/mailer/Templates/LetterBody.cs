using AngleSharp;
using AngleSharp.Dom;
using Ganss.Xss;

namespace Newsletter.Mailer.Templates;

/// <summary>Makes a post's HTML fit for mail clients: sanitised once more, styled inline, its links counted.</summary>
internal static class LetterBody
{
    private static readonly HtmlSanitizer Sanitizer = CreateSanitizer();

    private static readonly Dictionary<string, string> Styles = new()
    {
        ["p"] = "margin:0 0 18px",
        ["h2"] = "margin:34px 0 10px;font-size:24px;line-height:1.2;letter-spacing:-.01em",
        ["h3"] = "margin:28px 0 8px;font-size:20px;line-height:1.25;letter-spacing:-.01em",
        ["h4"] = "margin:24px 0 6px;font-size:17px;line-height:1.3",
        ["ul"] = "margin:0 0 18px;padding:0 0 0 24px",
        ["ol"] = "margin:0 0 18px;padding:0 0 0 24px",
        ["li"] = "margin:0 0 6px",
        ["blockquote"] = "margin:0 0 18px;padding:0 0 0 18px;border-left:3px solid {accent};font-style:italic",
        ["cite"] = "display:block;font-size:15px;font-style:normal",
        ["pre"] = "margin:0 0 18px;padding:14px 16px;border-radius:8px;background:#f6f4ee;font:15px/1.55 Menlo,Consolas,monospace;white-space:pre-wrap",
        ["code"] = "font-family:Menlo,Consolas,monospace;font-size:.86em",
        ["figure"] = "margin:0 0 18px",
        ["figcaption"] = "margin:8px 0 0;font:14px/1.5 Helvetica,Arial,sans-serif",
        ["img"] = "display:block;width:auto;max-width:100%;height:auto;border:0;border-radius:8px",
        ["table"] = "width:100%;margin:0 0 18px;border-collapse:collapse;font:15px/1.5 Helvetica,Arial,sans-serif",
        ["th"] = "padding:8px 8px 8px 0;border-bottom:2px solid #8d887b;text-align:left;font-size:13px",
        ["td"] = "padding:8px 8px 8px 0;border-bottom:1px solid #e4e0d5",
        ["hr"] = "margin:28px 0;border:0;border-top:1px solid #e4e0d5",
        ["a"] = "color:{accent}",
        ["sup"] = "font-size:.7em;line-height:0",
    };

    /// <summary>Classes that the dark style sheet knows.</summary>
    private static readonly Dictionary<string, string> Classes = new()
    {
        ["pre"] = "panel",
        ["figcaption"] = "soft",
        ["cite"] = "soft",
        ["th"] = "rule",
        ["td"] = "rule",
        ["hr"] = "rule",
    };

    /// <summary>One piece of HTML per block (paragraph, heading, figure, …), in order.</summary>
    public static IReadOnlyList<string> Blocks(string html, string accent, Func<string, string> track)
    {
        using var document = Sanitizer.SanitizeDom(html);
        foreach (var element in document.Body!.QuerySelectorAll("*"))
        {
            if (Styles.TryGetValue(element.LocalName, out var style)) element.SetAttribute("style", style.Replace("{accent}", accent, StringComparison.Ordinal));
            if (Classes.TryGetValue(element.LocalName, out var name)) element.SetAttribute("class", name);
            if (element.LocalName == "a") Link(element, track);
        }
        return document.Body.ChildNodes
            .Where(node => node is not IText text || !string.IsNullOrWhiteSpace(text.Data))
            .Select(node => node.ToHtml()).ToList();
    }

    public static string Join(string html, string accent, Func<string, string> track) => string.Concat(Blocks(html, accent, track));

    private static void Link(IElement anchor, Func<string, string> track)
    {
        var address = anchor.GetAttribute("href") ?? "";
        if (address.StartsWith("http://", StringComparison.OrdinalIgnoreCase) || address.StartsWith("https://", StringComparison.OrdinalIgnoreCase))
            anchor.SetAttribute("href", track(address));
        else if (!address.StartsWith("mailto:", StringComparison.OrdinalIgnoreCase))
            // A place in the page that is not in the letter.
            anchor.RemoveAttribute("href");
    }

    private static HtmlSanitizer CreateSanitizer()
    {
        var sanitizer = new HtmlSanitizer();
        sanitizer.AllowedTags.Clear();
        foreach (var tag in (ReadOnlySpan<string>)["p", "h2", "h3", "h4", "ul", "ol", "li", "blockquote", "cite", "pre", "code", "kbd", "figure", "figcaption",
            "img", "table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "hr", "br", "a", "em", "strong", "b", "i", "u", "s", "del", "ins", "sub", "sup",
            "small", "mark", "abbr", "q", "dl", "dt", "dd", "span", "div", "section"])
            sanitizer.AllowedTags.Add(tag);
        sanitizer.AllowedAttributes.Clear();
        foreach (var attribute in (ReadOnlySpan<string>)["href", "src", "alt", "title", "width", "height", "colspan", "rowspan", "start", "lang", "dir"])
            sanitizer.AllowedAttributes.Add(attribute);
        sanitizer.AllowedSchemes.Clear();
        foreach (var scheme in (ReadOnlySpan<string>)["http", "https", "mailto"]) sanitizer.AllowedSchemes.Add(scheme);
        sanitizer.AllowedAtRules.Clear();
        sanitizer.AllowedCssProperties.Clear();
        return sanitizer;
    }
}
