using Newsletter.Contracts;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Letters;

/// <summary>What one reader gets of an edition.</summary>
/// <param name="Blocks">Of the variant's personal list; null: all of it.</param>
internal readonly record struct ReaderLetter(Variant Variant, BlockSet? Blocks);

/// <summary>
/// The variants of one edition: which one a reader gets, rendered when the first reader needs it. There is one for each thing that readers may see by
/// their access; what of a roundup they have asked for is no variant, but stands with each of their letters.
/// </summary>
internal sealed class VariantBook(MailerDb db, Edition edition, IReadOnlyList<PostSnapshot> posts, LetterPress press, IReadOnlyCollection<Variant> known, TimeProvider time)
{
    private readonly Dictionary<string, Variant> _byHash = known.ToDictionary(v => v.Hash);
    private readonly Dictionary<(bool Tracked, string Tiers), Variant?> _byAccess = [];
    private readonly Dictionary<Guid, TopicBlocks> _topics = [];

    /// <summary>Null where nothing of the edition is for this reader.</summary>
    public ReaderLetter? LetterFor(Reader reader)
    {
        var access = (press.Tracks(reader.TrackingAllowed), string.Join(',', reader.Tiers));
        if (!_byAccess.TryGetValue(access, out var variant)) _byAccess[access] = variant = VariantOf(reader);
        if (variant?.List is not { } list) return variant is null ? null : new(variant, null);
        if (!_topics.TryGetValue(variant.Id, out var topics)) _topics[variant.Id] = topics = new(list, press.Posts);
        return topics.TryChoose(reader.Topics, out var blocks) ? new(variant, blocks) : null;
    }

    private Variant? VariantOf(Reader reader)
    {
        var tracked = press.Tracks(reader.TrackingAllowed);
        var blocks = posts.Select(post => LetterChoice.Whole(post, LetterChoice.CutFor(post, reader.Tiers))).OfType<BlockChoice>().ToList();
        if (blocks.Count == 0) return null;
        var hash = LetterChoice.Hash(blocks, tracked);
        return _byHash.TryGetValue(hash, out var variant) ? variant : Add(hash, blocks, tracked);
    }

    private Variant Add(string hash, List<BlockChoice> blocks, bool tracked)
    {
        var variant = Variant.Of(edition, hash, blocks, tracked, press.Print(blocks, tracked), time);
        db.Add(variant);
        return _byHash[hash] = variant;
    }
}
