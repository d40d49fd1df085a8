using Newsletter.Contracts;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Letters;

/// <summary>The variants of one edition: which one a reader gets, rendered when the first reader needs it.</summary>
internal sealed class VariantBook(MailerDb db, Edition edition, IReadOnlyList<PostSnapshot> posts, LetterPress press, IReadOnlyCollection<Variant> known, TimeProvider time)
{
    /// <summary>Above this many, entries are no longer chosen one by one: whole posts are.</summary>
    public const int FineVariants = 200;

    /// <summary>Above this many, topics are not looked at any more: everybody gets what their access allows.</summary>
    public const int AllVariants = 250;

    private const int MostRemembered = 10_000;

    private readonly bool _isOpenedAgain = known.Count > 0;
    private readonly Dictionary<string, Guid> _byHash = known.ToDictionary(v => v.Hash, v => v.Id);
    private readonly Dictionary<string, Guid?> _byReader = [];
    private readonly HashSet<string> _topics = new(posts.SelectMany(p => p.Topics.Concat(p.Entries.SelectMany(e => e.Topics))), StringComparer.OrdinalIgnoreCase);

    /// <summary>Null where nothing of the edition is for this reader.</summary>
    public Guid? VariantFor(Reader reader)
    {
        var tracked = press.Tracks(reader.TrackingAllowed);
        var topics = TopicsOf(reader);
        var key = $"{tracked}|{string.Join(',', reader.Tiers)}|{topics}";
        if (_byReader.TryGetValue(key, out var variant)) return variant;
        // There are too many kinds of readers: who is of none that is known is neither looked at closely nor remembered. In a book that was opened again, nobody is known yet.
        if (_byHash.Count >= AllVariants && topics.Length > 0 && !_isOpenedAgain) return VariantOf(Choose(reader, LetterChoice.Whole), tracked);
        variant = VariantOf(BlocksFor(reader), tracked);
        if (_byReader.Count < MostRemembered) _byReader[key] = variant;
        return variant;
    }

    /// <summary>Of a reader's topics those that the edition's posts have. Who has chosen none gets all; who has chosen only others gets nothing.</summary>
    private string TopicsOf(Reader reader) =>
        reader.Topics.Count == 0 ? "all" : string.Join(',', reader.Topics.Where(_topics.Contains).Order(StringComparer.OrdinalIgnoreCase));

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
