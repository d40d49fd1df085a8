using Newsletter.Contracts;

namespace Newsletter.Content.Texts;

/// <summary>A post made ready to be shown, once, when it is saved. No level of access gets anything but the teaser or the whole.</summary>
public sealed record Rendering
{
    public static Rendering Empty { get; } = new();

    public Piece Teaser { get; init; } = Piece.Empty;
    public Piece Whole { get; init; } = Piece.Empty;
    /// <summary>The whole, cut at its second-level headings: what stands before the first, then each of them with its text.</summary>
    public IReadOnlyList<Section> Sections { get; init; } = [];
    public IReadOnlyList<EntrySnapshot> Entries { get; init; } = [];
    public int Words { get; init; }
    public int Minutes { get; init; }

    /// <summary>One cut for each level, lowest first, of a post that asks for <paramref name="access"/>.</summary>
    public IReadOnlyList<Cut> Cuts(Access access) => [.. Enum.GetValues<Access>().Order().Select(level => CutFor(level, whole: level >= access))];

    public Cut CutFor(Access level, bool whole) => whole
        ? new() { Level = level, Html = Whole.Html, Text = Whole.Text, EntryIds = [.. Entries.Select(e => e.Id)], Complete = true }
        : new() { Level = level, Html = Teaser.Html, Text = Teaser.Text };
}

public sealed record Piece(string Html, string Text)
{
    public static Piece Empty { get; } = new("", "");
}

/// <param name="Id">The heading's anchor; empty for what stands before the first heading.</param>
public sealed record Section(string Id, string Title, string Html);

/// <summary>An entry of a digest as its author wrote it.</summary>
public sealed record EntrySource
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public string Title { get; init; } = "";
    public IReadOnlyList<string> Authors { get; init; } = [];
    public string Section { get; init; } = "";
    /// <summary>Markdown.</summary>
    public string Summary { get; init; } = "";
    public IReadOnlyList<string> Topics { get; init; } = [];
    /// <summary><c>code</c>, <c>doi</c>, <c>dataset</c>, <c>paper</c>, each with its address.</summary>
    public IReadOnlyDictionary<string, string> Links { get; init; } = new Dictionary<string, string>();
}
