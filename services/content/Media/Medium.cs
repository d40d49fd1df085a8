using Newsletter.Defaults.Audit;

namespace Newsletter.Content.Media;

/// <summary>An uploaded image; never changes, so it may be cached for good.</summary>
[Audited]
internal sealed class Medium
{
    public required Guid Id { get; init; }
    public required Guid PublicationId { get; init; }
    public required string ContentType { get; init; }
    /// <summary>SHA-256, so that the same image is kept once.</summary>
    [NotAudited]
    public required string Hash { get; init; }
    /// <summary>In pixels; none where the file does not say so at its beginning.</summary>
    public int? Width { get; init; }
    public int? Height { get; init; }
    public required byte[] Bytes { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
