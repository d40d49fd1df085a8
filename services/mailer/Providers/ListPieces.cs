using System.Runtime.CompilerServices;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>A block or a heading, ready to be filled in.</summary>
/// <param name="ShapeId">The same for pieces with the same markup.</param>
internal sealed record ListPiece(CutText Html, CutText Text, BlockShape Shape, int ShapeId)
{
    public int Bytes { get; } = Html.MostBytes + Text.MostBytes;

    /// <summary>Of the text, and in HTML of the words and addresses that are not the same in all blocks of this shape.</summary>
    public int ValueBytes { get; private set; } = Text.MostBytes;

    public void Differs(int value) => ValueBytes += Shape.Values[value].MostBytes + SendGridCall.ValueTagBytes;
}

/// <summary>A personal list, cut for substitution.</summary>
internal sealed class ListPieces
{
    /// <summary>Bytes; a reader's code has 32.</summary>
    public const int UsualValue = 40;

    // A list is cut once for all calls of its edition.
    private static readonly ConditionalWeakTable<PersonalList, ListPieces> Cut = [];

    private readonly PersonalList _list;
    private readonly ListPiece[] _blocks;
    private readonly ListPiece?[] _headings;

    private ListPieces(PersonalList list, int longestValue)
    {
        _list = list;
        Dictionary<string, int> shapes = [];
        _blocks = [.. list.Blocks.Select(b => Piece(b.Html, b.Text))];
        _headings = [.. list.Blocks.Select(b => b.Heading is { } heading ? Piece(heading.Html, heading.Text) : null)];

        foreach (var alike in _blocks.Concat(_headings.OfType<ListPiece>()).GroupBy(p => p.ShapeId).Select(g => g.ToList()))
        {
            for (var value = 0; value < alike[0].Shape.Values.Length; value++)
            {
                if (alike.TrueForAll(p => p.Shape.Values[value].Whole == alike[0].Shape.Values[value].Whole)) continue;
                foreach (var piece in alike) piece.Differs(value);
            }
        }

        ListPiece Piece(string html, string text)
        {
            BlockShape shape = new(html, longestValue);
            if (!shapes.TryGetValue(shape.Markup, out var id)) shapes[shape.Markup] = id = shapes.Count;
            return new(new(html, longestValue), new(text, longestValue), shape, id);
        }
    }

    /// <param name="longestValue">Bytes that a placeholder's value has at most.</param>
    public static ListPieces Of(PersonalList list, int longestValue) =>
        longestValue <= UsualValue ? Cut.GetValue(list, static l => new(l, UsualValue)) : new(list, longestValue);

    /// <summary>What a letter shows, in order.</summary>
    public IEnumerable<ListPiece> Of(BlockSet? blocks)
    {
        foreach (var shown in _list.ShownTo(blocks))
        {
            if (shown.Heading is not null) yield return _headings[shown.At]!;
            yield return _blocks[shown.At];
        }
    }
}
