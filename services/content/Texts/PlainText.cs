using System.Globalization;
using System.Text;
using AngleSharp.Dom;

namespace Newsletter.Content.Texts;

/// <summary>HTML as text for mail and search: blocks apart, lists marked, links numbered and listed at the end.</summary>
internal sealed class PlainText
{
    private const int NextLine = 1;
    private const int BlankLine = 2;

    private readonly StringBuilder _text = new();
    private readonly List<string> _links = [];
    /// <summary>Line breaks due before the next word.</summary>
    private int _breaks;
    private string _indent = "";
    /// <summary>A mark such as a list's dash was just written: what follows stands beside it.</summary>
    private bool _isMarked;

    public static string Of(IEnumerable<INode> nodes)
    {
        var plain = new PlainText();
        foreach (var node in nodes) plain.Walk(node, "");
        var text = plain._text.ToString().TrimEnd();
        if (plain._links.Count == 0) return text;
        return $"{text}\n\n{string.Join('\n', plain._links.Select((link, i) => $"[{i + 1}] {link}"))}";
    }

    private void Walk(INode node, string indent)
    {
        if (node is IText text)
        {
            Words(text.Data);
            return;
        }
        if (node is not IElement element) return;
        switch (element.LocalName)
        {
            case "br":
                Break(NextLine, indent);
                break;
            case "hr":
                Block(BlankLine, indent, () => Write("* * *"));
                break;
            case "img":
                if (element.GetAttribute("alt") is { Length: > 0 } alt) Words($"[{alt}]");
                break;
            case "pre":
                Block(BlankLine, indent, () => Write(element.TextContent.TrimEnd().Replace("\n", "\n" + indent, StringComparison.Ordinal)));
                break;
            case "a":
                Link(element, indent);
                break;
            case "li":
                var number = element.ParentElement is { LocalName: "ol" } list ? list.Children.Index(element) + 1 : 0;
                Marked(NextLine, indent, number > 0 ? $"{number}. " : "- ", "  ", element);
                break;
            case "blockquote":
                Marked(BlankLine, indent, "> ", "> ", element);
                break;
            case "tr":
                Block(NextLine, indent, () => Write(string.Join(" | ", element.Children.Select(cell => cell.TextContent.Trim()))));
                break;
            case "p" or "div" or "section" or "figure" or "figcaption" or "ul" or "ol" or "dl" or "dt" or "dd" or "table" or "details"
                or "h2" or "h3" or "h4" or "h5" or "h6":
                Block(BlankLine, indent, () => Children(element, indent));
                break;
            default:
                Children(element, indent);
                break;
        }
    }

    private void Children(INode node, string indent)
    {
        foreach (var child in node.ChildNodes) Walk(child, indent);
    }

    private void Block(int breaks, string indent, Action content)
    {
        Break(breaks, indent);
        content();
        Break(breaks, indent);
    }

    private void Marked(int breaks, string indent, string mark, string deeper, IElement element) => Block(breaks, indent, () =>
    {
        Write(mark);
        _isMarked = true;
        Children(element, indent + deeper);
        _isMarked = false;
    });

    private void Link(IElement element, string indent)
    {
        var start = _text.Length;
        Children(element, indent);
        if (element.ClassName is "footnote-ref" or "footnote-back-ref" || element.GetAttribute("href") is not { Length: > 0 } address) return;
        if (_text.ToString(start, _text.Length - start).Trim() == address) return;
        if (!_links.Contains(address)) _links.Add(address);
        Write(string.Create(CultureInfo.InvariantCulture, $" [{_links.IndexOf(address) + 1}]"));
    }

    private void Break(int breaks, string indent)
    {
        if (_isMarked) return;
        _breaks = Math.Max(_breaks, breaks);
        _indent = indent;
    }

    private void Words(string data)
    {
        foreach (var c in data)
        {
            if (!char.IsWhiteSpace(c)) Write(c);
            else if (_breaks == 0 && _text.Length > 0 && _text[^1] is not (' ' or '\n')) _text.Append(' ');
        }
    }

    private void Write(string text)
    {
        StartLine();
        _text.Append(text);
    }

    private void Write(char c)
    {
        StartLine();
        _text.Append(c);
    }

    private void StartLine()
    {
        _isMarked = false;
        if (_breaks == 0) return;
        while (_text.Length > 0 && _text[^1] == ' ') _text.Length--;
        if (_text.Length > 0) _text.Append('\n', _breaks).Append(_indent);
        _breaks = 0;
    }
}
