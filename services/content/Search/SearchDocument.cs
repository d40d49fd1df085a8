namespace Newsletter.Content.Search;

/// <summary>A post or an entry as search finds it. Holds only what everybody may see: names, authors, topics and teasers, at any age of the post.</summary>
public sealed class SearchDocument
{
    public required Guid Id { get; init; }
    public required Guid PublicationId { get; init; }
    public required Guid PostId { get; init; }
    /// <summary>0 is the post itself, then its entries.</summary>
    public required int Position { get; init; }
    public required string Title { get; init; }
    public required string Detail { get; init; }
    public required string Authors { get; init; }
    public required string Url { get; init; }
    public required DateTimeOffset PublishedAt { get; init; }
    /// <summary>Folded: lower case, without accents.</summary>
    public required string Text { get; init; }
}

/// <summary>A topic of a published post or of one of its entries.</summary>
internal sealed class PostTopic
{
    public required Guid PublicationId { get; init; }
    public required string Topic { get; init; }
    public required Guid PostId { get; init; }
    public required DateTimeOffset PublishedAt { get; init; }
}
