using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Topics;

/// <summary>Of a published post we keep what it is about, so that forms can offer the topics that there is something to read on.</summary>
internal sealed class PostCopy : Copy<PostSnapshot>
{
    private readonly List<PostTopic> _topics = [];

    public IReadOnlyList<PostTopic> Topics => _topics;

    protected override void Fill(PostSnapshot snapshot)
    {
        var uses = snapshot.Published
            ? snapshot.Topics.Concat(snapshot.Entries.SelectMany(e => e.Topics)).CountBy(t => t).ToDictionary()
            : [];
        _topics.RemoveAll(t => !uses.ContainsKey(t.Topic));
        foreach (var (topic, count) in uses)
        {
            var row = _topics.Find(t => t.Topic == topic);
            if (row is null) _topics.Add(row = new(Id, PublicationId, topic));
            row.Uses = count;
        }
    }

    protected override void Clear() => _topics.Clear();
}

/// <summary>How often one post, with its entries, is about a topic.</summary>
internal sealed class PostTopic(Guid postId, Guid publicationId, string topic)
{
    public Guid PostId { get; private set; } = postId;
    public Guid PublicationId { get; private set; } = publicationId;
    public string Topic { get; private set; } = topic;
    public int Uses { get; set; }
}

internal sealed class PostConsumer(SubscriberDb db) : CopyConsumer<SubscriberDb, PostChanged, PostSnapshot, PostCopy>(db)
{
    protected override IReadOnlyList<PostSnapshot> SnapshotsOf(PostChanged changed) => [changed.Post];
}
