using System.Text;

namespace Newsletter.Mailer.Templates;

/// <summary>
/// What a roundup may show its readers, in order. Each gets some of it, as their topics ask, where the letter has <see cref="Placeholder.List"/>; all
/// other parts of the letter are everybody's.
/// </summary>
public sealed record PersonalList
{
    public required IReadOnlyList<ListedBlock> Blocks { get; init; }

    /// <summary>Bytes of HTML that the rest of the letter leaves for it.</summary>
    public required int Room { get; init; }

    /// <summary>Follows in HTML where there was not room for all.</summary>
    public required string Rest { get; init; }

    /// <summary>Bytes that SendGrid substitutes in one letter, names and values.</summary>
    public const int MostSubstituted = 10_000;

    /// <summary>Of all of it, in HTML and in text.</summary>
    internal int Bytes => Blocks.Sum(b => LetterRenderer.Size(b.Html) + LetterRenderer.Size(b.Text) + (b.Heading is { } h ? LetterRenderer.Size(h.Html) + LetterRenderer.Size(h.Text) : 0));

    internal string HtmlIn(string letter, BlockSet? set)
    {
        var (html, room) = (new StringBuilder(), Room);
        foreach (var shown in ShownTo(set))
        {
            room -= shown.HtmlBytes;
            html.Append(room < 0 ? Rest : shown.Heading?.Html + shown.Block.Html);
            if (room < 0) break;
        }
        return letter.Replace(Placeholder.List, html.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Whether none of it is left to the site.</summary>
    internal bool HasRoomFor(BlockSet? set) => ShownTo(set).Sum(s => s.HtmlBytes) <= Room;

    internal string TextIn(string letter, BlockSet? set)
    {
        StringBuilder text = new();
        foreach (var shown in ShownTo(set)) text.Append(shown.Heading?.Text).Append(shown.Block.Text);
        return letter.Replace(Placeholder.List, text.ToString(), StringComparison.Ordinal);
    }

    internal IEnumerable<ShownBlock> ShownTo(BlockSet? set)
    {
        var (post, section) = (Guid.Empty, "");
        for (var at = 0; at < Blocks.Count; at++)
        {
            if (Blocks[at] is not { IsDropped: false } block || set?.Has(at) == false) continue;
            if (block.PostId != post) (post, section) = (block.PostId, "");
            yield return new(at, block, block.Section == section ? null : block.Heading);
            section = block.Section;
        }
    }

    /// <summary>Without one post, whose blocks keep their places: what was chosen of the others stands in the ledger.</summary>
    internal PersonalList Without(Guid post) => this with
    {
        Blocks = [.. Blocks.Select(b => b.PostId == post ? b with { IsDropped = true, Heading = null, Html = "", Text = "" } : b)],
    };
}

/// <param name="At">Its place in the list.</param>
/// <param name="Heading">The section's, above the first block of it that the letter shows.</param>
internal readonly record struct ShownBlock(int At, ListedBlock Block, LetterBlock? Heading)
{
    public int HtmlBytes => LetterRenderer.Size(Block.Html) + (Heading is null ? 0 : LetterRenderer.Size(Heading.Html));
}

/// <summary>A post's head or, of a digest, one of its entries.</summary>
public sealed record ListedBlock
{
    public required Guid PostId { get; init; }
    public Guid? EntryId { get; init; }
    public string Section { get; init; } = "";
    /// <summary>The section's, if it has a name.</summary>
    public LetterBlock? Heading { get; init; }
    public required string Html { get; init; }
    public required string Text { get; init; }
    /// <summary>Its post was unpublished.</summary>
    public bool IsDropped { get; init; }
}
