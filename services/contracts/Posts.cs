namespace Newsletter.Contracts;

/// <summary>Content: a post was published, changed after that, unpublished or deleted. Drafts are never sent.</summary>
public sealed record PostChanged(PostSnapshot Post);

public enum PostKind { Article, Digest }

/// <summary>What a post asks of its reader, from the least to the most; also the reader's level that earns a cut.</summary>
public enum Access { Public, Subscribers, Paid }

public sealed record PostSnapshot : ISnapshot
{
    public required Guid Id { get; init; }
    public required Guid PublicationId { get; init; }
    public required long Version { get; init; }
    public bool Deleted { get; init; }
    /// <summary>False after unpublishing: drop it from what is not sent yet.</summary>
    public bool Published { get; init; }
    public string Slug { get; init; } = "";
    public PostKind Kind { get; init; }
    public string Title { get; init; } = "";
    public string Summary { get; init; } = "";
    public string Url { get; init; } = "";
    public IReadOnlyList<string> Authors { get; init; } = [];
    public IReadOnlyList<string> Topics { get; init; } = [];
    public Access Access { get; init; }
    /// <summary>Slugs of the tiers that may read a paid post; empty: every paying member.</summary>
    public IReadOnlyList<string> Tiers { get; init; } = [];
    /// <summary>The newsletter that mails it as a letter of its own; none: it only waits for the roundup.</summary>
    public Guid? NewsletterId { get; init; }
    /// <summary>Assigned by the server at the first publishing, never changed: the roundup's period goes by it.</summary>
    public DateTimeOffset? FirstPublishedAt { get; init; }
    /// <summary>The date that readers see.</summary>
    public DateTimeOffset? PublishedAt { get; init; }
    /// <summary>False for posts that were brought from elsewhere: no roundup tells of them as new.</summary>
    public bool InRoundup { get; init; } = true;
    /// <summary>One per level of access, lowest first. A consumer chooses, and never makes one.</summary>
    public IReadOnlyList<Cut> Cuts { get; init; } = [];
    /// <summary>A digest's entries, in their order; a cut says which of them it shows.</summary>
    public IReadOnlyList<EntrySnapshot> Entries { get; init; } = [];
}

/// <summary>What one level of access may see. Html is sanitised, safe for e-mail, with absolute addresses, and does not repeat the entries.</summary>
public sealed record Cut
{
    public required Access Level { get; init; }
    public required string Html { get; init; }
    public required string Text { get; init; }
    public IReadOnlyList<Guid> EntryIds { get; init; } = [];
    /// <summary>True where nothing of the post is left out.</summary>
    public bool Complete { get; init; }
}

public sealed record EntrySnapshot
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public string Title { get; init; } = "";
    public string Section { get; init; } = "";
    public IReadOnlyList<string> Authors { get; init; } = [];
    public required string Html { get; init; }
    public required string Text { get; init; }
    public IReadOnlyList<string> Topics { get; init; } = [];
    public IReadOnlyList<EntryLink> Links { get; init; } = [];
    /// <summary>The entry's place on the post's page.</summary>
    public string Url { get; init; } = "";
}

/// <param name="Kind"><c>code</c>, <c>dataset</c>, <c>doi</c> or <c>paper</c>.</param>
public sealed record EntryLink(string Kind, string Url);
