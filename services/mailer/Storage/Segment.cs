using Newsletter.Defaults.Audit;

namespace Newsletter.Mailer.Storage;

/// <summary>A named part of a publication's recipients.</summary>
[Audited]
public sealed class Segment
{
    private Segment() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public string Slug { get; private set; } = "";
    public string Name { get; private set; } = "";
    public SegmentRule Rule { get; private set; } = new();

    public static Segment Of(Guid publication, string slug, TimeProvider time) =>
        new() { Id = Guid.CreateVersion7(time.GetUtcNow()), PublicationId = publication, Slug = slug };

    public void Define(string name, SegmentRule rule) => (Name, Rule) = (name, rule);
}

/// <summary>All that is set must hold; nothing set is everybody.</summary>
public sealed record SegmentRule
{
    public Guid? NewsletterId { get; init; }
    /// <summary>Holds a grant of this tier now.</summary>
    public string? Tier { get; init; }
    public string? Tag { get; init; }
    public string? Topic { get; init; }
}
