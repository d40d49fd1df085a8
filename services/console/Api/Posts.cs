using System.Text.Json;

namespace Newsletter.Console.Api;

public sealed record PostCard(
    Guid Id, string Slug, string State, string Kind, string Title, string Summary, IReadOnlyList<string> Authors, IReadOnlyList<string> Topics,
    string Access, string Url, DateTimeOffset? PublishedAt, DateTimeOffset? ScheduledAt, DateTimeOffset UpdatedAt, long Version);

public sealed record PostSource(
    Guid Id, string Slug, string State, string Kind, string Title, string Body, string Summary, IReadOnlyList<string> Authors, IReadOnlyList<string> Topics,
    string Access, IReadOnlyList<string> Tiers, bool KeepOpen, string? Newsletter, IReadOnlyList<PostEntry> Entries, string Url, DateTimeOffset? ScheduledAt,
    DateTimeOffset? FirstPublishedAt, DateTimeOffset? PublishedAt, DateTimeOffset UpdatedAt, long Version);

/// <summary>An entry of a digest, as it stands in the form.</summary>
public sealed class PostEntry
{
    public string Name { get; set; } = "";
    public string Title { get; set; } = "";
    public IReadOnlyList<string> Authors { get; set; } = [];
    public string Section { get; set; } = "";
    public string Summary { get; set; } = "";
    public IReadOnlyList<string> Topics { get; set; } = [];
    public Dictionary<string, string> Links { get; set; } = [];
}

/// <summary>A post as the API takes it.</summary>
internal sealed record PostRequest(
    string Title, string? Slug, string Kind, string Body, string Summary, IReadOnlyList<string> Authors, IReadOnlyList<string> Topics,
    string Access, IReadOnlyList<string> Tiers, bool KeepOpen, string? Newsletter, IReadOnlyList<PostEntry> Entries);

/// <param name="Post">What the mailer's preview takes; not ours to look into.</param>
internal sealed record PostPreview(string Html, JsonElement Post, int Minutes, int Words, IReadOnlyList<string> Warnings);

internal sealed record LetterPreview(string Subject, string Html, string Text);

public sealed record Medium(Guid Id, string Url, string ContentType, int? Width, int? Height, DateTimeOffset? CreatedAt);
