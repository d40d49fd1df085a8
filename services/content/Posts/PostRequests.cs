using System.ComponentModel.DataAnnotations;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Content.Texts;
using Newsletter.Contracts;

namespace Newsletter.Content.Posts;

/// <summary>A post as its author sends it.</summary>
public sealed record PostRequest
{
    [Required, StringLength(200), SingleLine]
    public string Title { get; init; } = "";

    /// <summary>Made of the title where it is left out.</summary>
    [RegularExpression(Slugs.Pattern)]
    public string? Slug { get; init; }

    public PostKind Kind { get; init; }

    /// <summary>Markdown; a line <c>&lt;!--more--&gt;</c> ends the free preview.</summary>
    [StringLength(1_000_000)]
    public string Body { get; init; } = "";

    [StringLength(500), SingleLine]
    public string Summary { get; init; } = "";

    [MaxLength(20), EachAtMost(100), SingleLine]
    public IReadOnlyList<string> Authors { get; init; } = [];

    [MaxLength(20), EachSlug]
    public IReadOnlyList<string> Topics { get; init; } = [];

    public Access Access { get; init; }

    /// <summary>Of a paid post: the tiers that may read it; empty: all.</summary>
    [MaxLength(20), EachSlug]
    public IReadOnlyList<string> Tiers { get; init; } = [];

    public bool KeepOpen { get; init; }

    /// <summary>Slug of the newsletter that mails it.</summary>
    [RegularExpression(Slugs.Pattern)]
    public string? Newsletter { get; init; }

    [MaxLength(500)]
    public IReadOnlyList<EntryRequest> Entries { get; init; } = [];

    /// <summary>The version that this replaces; refused when another is stored.</summary>
    public long? Version { get; init; }

    internal PostText ToText() => new(
        Kind, Title.Trim(), Summary.Trim(), Authors, Topics, Access, Access == Access.Paid ? Tiers : [], KeepOpen, Newsletter, Body, [.. Entries.Select(e => e.ToSource())]);
}

public sealed record EntryRequest
{
    [Required, StringLength(200), SingleLine]
    public string Name { get; init; } = "";

    [StringLength(300), SingleLine]
    public string Title { get; init; } = "";

    [MaxLength(50), EachAtMost(200), SingleLine]
    public IReadOnlyList<string> Authors { get; init; } = [];

    /// <summary>One of the body's second-level headings.</summary>
    [StringLength(200), SingleLine]
    public string Section { get; init; } = "";

    /// <summary>Markdown.</summary>
    [StringLength(10_000)]
    public string Summary { get; init; } = "";

    [MaxLength(20), EachSlug]
    public IReadOnlyList<string> Topics { get; init; } = [];

    [EntryLinks]
    public IReadOnlyDictionary<string, string> Links { get; init; } = new Dictionary<string, string>();

    internal EntrySource ToSource() => new()
    {
        Id = Guid.CreateVersion7(),
        Name = Name.Trim(),
        Title = Title.Trim(),
        Authors = Authors,
        Section = Section.Trim(),
        Summary = Summary,
        Topics = Topics,
        Links = Links,
    };
}

/// <summary>Known kinds, web addresses only: a link of another scheme could run script.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class EntryLinksAttribute : ValidationAttribute
{
    private static readonly string[] Kinds = ["code", "doi", "dataset", "paper"];

    protected override ValidationResult? IsValid(object? value, ValidationContext context) =>
        value is IReadOnlyDictionary<string, string> links && !links.All(l => Kinds.Contains(l.Key) && IsWebAddress(l.Value))
            ? new($"Links are {string.Join(", ", Kinds)}, each a full http or https address.", [context.MemberName ?? ""])
            : ValidationResult.Success;

    private static bool IsWebAddress(string? text) =>
        text is { Length: <= 2000 } && Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") && !text.Any(c => char.IsControl(c) || char.IsWhiteSpace(c));
}

public sealed record PublishRequest
{
    /// <summary>Mail it on its own, now.</summary>
    public bool Mail { get; init; } = true;

    /// <summary>Instead of the post's own.</summary>
    [RegularExpression(Slugs.Pattern)]
    public string? Newsletter { get; init; }

    /// <summary>The date to show, where it is not now; in the past.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>False for what is brought from elsewhere: no roundup tells of it as new.</summary>
    public bool Roundup { get; init; } = true;
}

public sealed record ScheduleRequestOfPost
{
    public required DateTimeOffset At { get; init; }
    public bool Mail { get; init; } = true;

    [RegularExpression(Slugs.Pattern)]
    public string? Newsletter { get; init; }

    public bool Roundup { get; init; } = true;
}

/// <summary>A post as its author wrote it.</summary>
internal sealed record PostSource(
    Guid Id, string Slug, PostState State, PostKind Kind, string Title, string Body, string Summary, IReadOnlyList<string> Authors, IReadOnlyList<string> Topics,
    Access Access, IReadOnlyList<string> Tiers, bool KeepOpen, string? Newsletter, IReadOnlyList<EntrySource> Entries, string Url, DateTimeOffset? ScheduledAt,
    DateTimeOffset? FirstPublishedAt, DateTimeOffset? PublishedAt, DateTimeOffset UpdatedAt, Guid? UpdatedBy, long Version)
{
    public static PostSource Of(Post p, string baseUrl) => new(
        p.Id, p.Slug, p.State, p.Kind, p.Title, p.Body, p.Summary, p.Authors, p.Topics, p.Access, p.Tiers, p.KeepOpen, p.Newsletter, p.Entries, Post.UrlOf(baseUrl, p.Slug),
        p.ScheduledAt, p.FirstPublishedAt, p.PublishedAt, p.UpdatedAt, p.UpdatedBy, p.Version);
}
