using Newsletter.Content.Search;
using Newsletter.Content.Texts;
using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Storage;

public enum PostState { Draft, Scheduled, Published }

/// <summary>What is published. Made and changed as a draft; a change after publishing is published at once.</summary>
[Audited]
public sealed class Post
{
    private Post() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public string Slug { get; private set; } = "";
    public PostState State { get; private set; }
    public PostKind Kind { get; private set; }
    public string Title { get; private set; } = "";
    /// <summary>As titles are searched: lower case, without accents.</summary>
    [NotAudited]
    public string FoldedTitle { get; private set; } = "";
    public string Summary { get; private set; } = "";
    public IReadOnlyList<string> Authors { get; private set; } = [];
    public IReadOnlyList<string> Topics { get; private set; } = [];
    public Access Access { get; private set; }
    /// <summary>Slugs of the tiers that may read a paid post; empty: every paying member.</summary>
    public IReadOnlyList<string> Tiers { get; private set; } = [];
    /// <summary>Exempt from the archive rule.</summary>
    public bool KeepOpen { get; private set; }
    /// <summary>The newsletter that would mail it, by slug; none: the publication's first one of kind posts.</summary>
    public string? Newsletter { get; private set; }
    /// <summary>Markdown as written.</summary>
    public string Body { get; private set; } = "";
    public IReadOnlyList<EntrySource> Entries { get; private set; } = [];
    [NotAudited]
    public Rendering Rendering { get; private set; } = Rendering.Empty;
    [NotAudited]
    public int Minutes { get; private set; }
    public DateTimeOffset? ScheduledAt { get; private set; }
    /// <summary>Decided when it is published or scheduled; none: not mailed on its own.</summary>
    public Guid? NewsletterId { get; private set; }
    public bool InRoundup { get; private set; } = true;
    /// <summary>Ours, set once.</summary>
    public DateTimeOffset? FirstPublishedAt { get; private set; }
    /// <summary>The date that readers see.</summary>
    public DateTimeOffset? PublishedAt { get; private set; }
    [NotAudited]
    public DateTimeOffset UpdatedAt { get; private set; }
    /// <summary>The account or API key that changed it last; none: its time had come.</summary>
    [NotAudited]
    public Guid? UpdatedBy { get; private set; }
    public long Version { get; private set; }

    public static Post Create(Guid publicationId, string slug, TimeProvider time) =>
        new() { Id = Guid.CreateVersion7(time.GetUtcNow()), PublicationId = publicationId, Slug = slug };

    /// <summary>Throws <see cref="TextException"/> and leaves everything as it was.</summary>
    public void Write(PostText text, string url)
    {
        // An entry keeps its id as long as its name stays.
        var known = Entries.GroupBy(e => e.Name).ToDictionary(same => same.Key, same => same.First().Id);
        List<EntrySource> entries = [.. text.Entries.Select(e => known.Remove(e.Name, out var id) ? e with { Id = id } : e)];
        Rendering = Renderer.Render(text.Body, entries, url);
        (Kind, Title, Summary, Authors, Topics) = (text.Kind, text.Title, text.Summary, text.Authors, text.Topics);
        (Access, Tiers, KeepOpen, Newsletter) = (text.Access, text.Tiers, text.KeepOpen, text.Newsletter);
        (Body, Entries, Minutes) = (text.Body, entries, Rendering.Minutes);
        FoldedTitle = Folded.Text(text.Title);
    }

    public void RenderAgain(string url) => Rendering = Renderer.Render(Body, Entries, url);

    public bool MayMoveTo(string slug) => slug == Slug || FirstPublishedAt is null;

    public void MoveTo(string slug) => Slug = slug;

    /// <param name="shownAs">The date to show, where it is not now.</param>
    public void Publish(Guid? newsletterId, bool inRoundup, DateTimeOffset? shownAs, DateTimeOffset now)
    {
        State = PostState.Published;
        ScheduledAt = null;
        (NewsletterId, InRoundup) = (newsletterId, inRoundup);
        FirstPublishedAt ??= Whole(now);
        PublishedAt = Whole(shownAs ?? PublishedAt ?? now);
    }

    public void Schedule(DateTimeOffset at, Guid? newsletterId, bool inRoundup)
    {
        State = PostState.Scheduled;
        (ScheduledAt, NewsletterId, InRoundup) = (Whole(at), newsletterId, inRoundup);
    }

    public void Withdraw() => (State, ScheduledAt) = (PostState.Draft, null);

    /// <summary>Call once per change, before saving.</summary>
    public void Stamp(Guid? by, TimeProvider time)
    {
        (UpdatedAt, UpdatedBy) = (Whole(time.GetUtcNow()), by);
        Restamp(time);
    }

    /// <summary>For a resync: the same post under a newer version.</summary>
    public void Restamp(TimeProvider time) => Version = HybridClock.Next(Version, time);

    public PostSnapshot Snapshot(string baseUrl, bool deleted = false) => new()
    {
        Id = Id,
        PublicationId = PublicationId,
        Version = Version,
        Deleted = deleted,
        Published = State == PostState.Published && !deleted,
        Slug = Slug,
        Kind = Kind,
        Title = Title,
        Summary = Summary,
        Url = UrlOf(baseUrl, Slug),
        Authors = Authors,
        Topics = Topics,
        Access = Access,
        Tiers = Tiers,
        NewsletterId = NewsletterId,
        InRoundup = InRoundup,
        FirstPublishedAt = FirstPublishedAt,
        PublishedAt = PublishedAt,
        Cuts = Rendering.Cuts(Access),
        Entries = Rendering.Entries,
    };

    /// <summary>To the microsecond, which is what both databases keep: the event and the row say the same.</summary>
    private static DateTimeOffset Whole(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerMicrosecond, TimeSpan.Zero);

    public static string UrlOf(string baseUrl, string slug) => $"{baseUrl}/posts/{slug}";
}

/// <summary>What an author writes of a post.</summary>
public sealed record PostText(
    PostKind Kind, string Title, string Summary, IReadOnlyList<string> Authors, IReadOnlyList<string> Topics, Access Access, IReadOnlyList<string> Tiers,
    bool KeepOpen, string? Newsletter, string Body, IReadOnlyList<EntrySource> Entries);
