using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Letters;

/// <summary>Prints the variants of one edition; a block that several of them show is rendered once.</summary>
internal sealed class LetterPress(Edition edition, LetterFrame frame, IReadOnlyDictionary<Guid, PostSnapshot> posts)
{
    private readonly Dictionary<string, IReadOnlyList<LetterBlock>> _blocks = [];

    public Letter Print(IReadOnlyList<BlockChoice> blocks) => edition.Kind switch
    {
        EditionKind.Post => LetterRenderer.Post(frame, posts[blocks[0].PostId], CutOf(blocks[0])),
        _ => LetterRenderer.Roundup(frame, edition.Subject, frame.Publication.Tagline, [.. blocks.SelectMany(BlocksOf)], edition.SlotAt!.Value),
    };

    private IReadOnlyList<LetterBlock> BlocksOf(BlockChoice block)
    {
        var key = LetterChoice.Hash([block]);
        if (_blocks.TryGetValue(key, out var rendered)) return rendered;
        return _blocks[key] = LetterRenderer.RoundupBlocks(frame, posts[block.PostId], CutOf(block), block.EntryIds.ToHashSet());
    }

    private Cut CutOf(BlockChoice block) => posts[block.PostId].Cuts.Single(c => c.Level == block.Level);
}
