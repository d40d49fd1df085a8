using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Letters;

/// <summary>Prints the variants of one edition; a post that several of them show alike is rendered once.</summary>
internal sealed class LetterPress(Edition edition, LetterFrame frame, IReadOnlyDictionary<Guid, PostSnapshot> posts)
{
    private readonly Dictionary<string, IReadOnlyList<ListedBlock>> _blocks = [];
    private readonly LetterFrame _untracked = frame with { Track = address => address, OpenPixel = null };

    public IReadOnlyDictionary<Guid, PostSnapshot> Posts => posts;

    /// <summary>Whether a reader's letter counts links and opens: the publication decides first.</summary>
    public bool Tracks(bool readerAllows) => readerAllows && frame.Publication.TrackingAllowed;

    /// <param name="tracked">False: links lead straight on, and there is no pixel.</param>
    public Letter Print(IReadOnlyList<BlockChoice> blocks, bool tracked) => edition.Kind switch
    {
        EditionKind.Post => LetterRenderer.Post(FrameOf(tracked), posts[blocks[0].PostId], CutOf(blocks[0])),
        _ => LetterRenderer.Roundup(FrameOf(tracked), edition.Subject, frame.Publication.Tagline, [.. blocks.SelectMany(b => BlocksOf(b, tracked))], edition.SlotAt!.Value),
    };

    private IReadOnlyList<ListedBlock> BlocksOf(BlockChoice block, bool tracked)
    {
        var key = LetterChoice.Hash([block], tracked);
        if (_blocks.TryGetValue(key, out var rendered)) return rendered;
        return _blocks[key] = LetterRenderer.RoundupBlocks(FrameOf(tracked), posts[block.PostId], CutOf(block), block.EntryIds.ToHashSet());
    }

    private LetterFrame FrameOf(bool tracked) => tracked ? frame : _untracked;

    private Cut CutOf(BlockChoice block) => posts[block.PostId].Cuts.Single(c => c.Level == block.Level);
}
