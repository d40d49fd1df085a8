using Newsletter.Contracts;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Letters;

/// <summary>Which blocks of a personal list each topic asks for. What a reader gets is what any of their topics asks for.</summary>
internal sealed class TopicBlocks
{
    private readonly byte[] _all;
    private readonly Dictionary<string, byte[]> _byTopic = new(StringComparer.OrdinalIgnoreCase);

    public TopicBlocks(PersonalList list, IReadOnlyDictionary<Guid, PostSnapshot> posts)
    {
        _all = new byte[(list.Blocks.Count + 7) / 8];
        for (var at = 0; at < list.Blocks.Count; at++)
        {
            Mark(_all, at);
            foreach (var topic in TopicsOf(list.Blocks[at], posts[list.Blocks[at].PostId]))
            {
                if (!_byTopic.TryGetValue(topic, out var bits)) _byTopic[topic] = bits = new byte[_all.Length];
                Mark(bits, at);
            }
        }
    }

    /// <summary>Of a reader with these topics; none chosen: all.</summary>
    /// <param name="blocks">Null: all.</param>
    /// <returns>False: nothing is for them.</returns>
    public bool TryChoose(IReadOnlyList<string> topics, out BlockSet? blocks)
    {
        blocks = null;
        if (topics.Count == 0) return true;
        var chosen = new byte[_all.Length];
        foreach (var topic in topics)
        {
            if (!_byTopic.TryGetValue(topic, out var bits)) continue;
            for (var at = 0; at < bits.Length; at++) chosen[at] |= bits[at];
        }
        if (chosen.AsSpan().SequenceEqual(_all)) return true;
        var length = chosen.AsSpan().LastIndexOfAnyExcept((byte)0) + 1;
        blocks = new(chosen[..length]);
        return length > 0;
    }

    /// <summary>A digest's head comes with any of its entries, and be it one that the reader's access does not show.</summary>
    private static IEnumerable<string> TopicsOf(ListedBlock block, PostSnapshot post) => block.EntryId is { } entry
        ? post.Entries.Where(e => e.Id == entry).SelectMany(e => e.Topics)
        : post.Topics.Concat(post.Entries.SelectMany(e => e.Topics));

    private static void Mark(byte[] bits, int at) => bits[at >> 3] |= (byte)(1 << (at & 7));
}
