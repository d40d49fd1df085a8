using Newsletter.Contracts;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Letters;

/// <summary>The variants of one edition: which one a reader gets, rendered when the first reader needs it.</summary>
internal sealed class VariantBook(MailerDb db, Edition edition, IReadOnlyList<PostSnapshot> posts, LetterPress press, IEnumerable<Variant> known, TimeProvider time)
{
    /// <summary>Above this many, entries are no longer chosen one by one: whole posts are.</summary>
    public const int FineVariants = 200;

    /// <summary>Above this many, topics are not looked at any more: everybody gets what their access allows.</summary>
    public const int AllVariants = 250;

    private readonly Dictionary<string, Guid> _byHash = known.ToDictionary(v => v.Hash, v => v.Id);
    private readonly Dictionary<string, Guid?> _byReader = [];

    /// <summary>Null where nothing of the edition is for this reader.</summary>
    public Guid? VariantFor(Reader reader)
    {
        var key = $"{press.Tracks(reader.TrackingAllowed)}|{string.Join(',', reader.Topics.Order(StringComparer.OrdinalIgnoreCase))}|{string.Join(',', reader.Tiers)}";
        if (_byReader.TryGetValue(key, out var variant)) return variant;
        return _byReader[key] = VariantOf(BlocksFor(reader), press.Tracks(reader.TrackingAllowed));
    }

    private List<BlockChoice> BlocksFor(Reader reader)
    {
        var fine = Choose(reader, (post, cut) => edition.Kind == EditionKind.Post ? LetterChoice.Whole(post, cut) : LetterChoice.ForTopics(post, cut, reader.Topics));
        if (fine.Count == 0 || _byHash.Count < FineVariants || IsKnown(fine)) return fine;
        var whole = Choose(reader, (post, cut) => LetterChoice.ForTopics(post, cut, reader.Topics) is null ? null : LetterChoice.Whole(post, cut));
        if (_byHash.Count < AllVariants || IsKnown(whole)) return whole;
        return Choose(reader, LetterChoice.Whole);

        bool IsKnown(List<BlockChoice> blocks) => _byHash.ContainsKey(LetterChoice.Hash(blocks, press.Tracks(reader.TrackingAllowed)));
    }

    private List<BlockChoice> Choose(Reader reader, Func<PostSnapshot, Cut?, BlockChoice?> choose) =>
        posts.Select(post => choose(post, LetterChoice.CutFor(post, reader.Tiers))).OfType<BlockChoice>().ToList();

    private Guid? VariantOf(List<BlockChoice> blocks, bool tracked)
    {
        if (blocks.Count == 0) return null;
        var hash = LetterChoice.Hash(blocks, tracked);
        return _byHash.TryGetValue(hash, out var id) ? id : Add(hash, blocks, tracked);
    }

    private Guid Add(string hash, List<BlockChoice> blocks, bool tracked)
    {
        var variant = Variant.Of(edition, hash, blocks, tracked, press.Print(blocks, tracked), time);
        db.Add(variant);
        return _byHash[hash] = variant.Id;
    }
}
