namespace Newsletter.Contracts;

/// <summary>Content: a publication was made or changed.</summary>
public sealed record PublicationChanged(PublicationSnapshot Publication);

/// <summary>One publication with its newsletters. <see cref="PublicationId"/> equals <see cref="Id"/>.</summary>
public sealed record PublicationSnapshot : ISnapshot
{
    public required Guid Id { get; init; }
    public Guid PublicationId => Id;
    public required long Version { get; init; }
    public bool Deleted { get; init; }
    public required string Slug { get; init; }
    public required string Name { get; init; }
    public string Tagline { get; init; } = "";
    /// <summary>BCP 47.</summary>
    public string Language { get; init; } = "en";
    /// <summary>IANA zone name.</summary>
    public string TimeZone { get; init; } = "Etc/UTC";
    /// <summary>Without a trailing slash. Every link is built from it: <c>http://localhost:8080/scipapermill</c> or <c>https://news.example</c>.</summary>
    public required string BaseUrl { get; init; }
    public string PostalAddress { get; init; } = "";
    public string SenderName { get; init; } = "";
    public string? ReplyTo { get; init; }
    /// <summary><c>#rrggbb</c>.</summary>
    public string AccentColour { get; init; } = "#1a4fa3";
    public bool Suspended { get; init; }
    /// <summary>False: no letter of it counts opens or clicks, whatever its readers allow.</summary>
    public bool TrackingAllowed { get; init; } = true;
    /// <summary>Staff account that made it and becomes its owner.</summary>
    public Guid? CreatedBy { get; init; }
    public IReadOnlyList<NewsletterSnapshot> Newsletters { get; init; } = [];
    /// <summary>What posts are about and readers may choose from, in the order to show them.</summary>
    public IReadOnlyList<TopicSnapshot> Topics { get; init; } = [];
}

public sealed record TopicSnapshot(string Slug, string Name);

public enum NewsletterKind { Posts, Roundup }

/// <summary>What one can subscribe to. <see cref="Schedule"/> is set for roundups only.</summary>
public sealed record NewsletterSnapshot
{
    public required Guid Id { get; init; }
    public required string Slug { get; init; }
    public required string Name { get; init; }
    public string Description { get; init; } = "";
    public required NewsletterKind Kind { get; init; }
    public RoundupSchedule? Schedule { get; init; }
}

/// <summary>A weekly slot, in the publication's zone or in each reader's.</summary>
public sealed record RoundupSchedule(DayOfWeek Day, TimeOnly Time, bool InReadersZone = false);
