using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Embeds;
using Newsletter.Content.Gates;
using Newsletter.Content.Publications;
using Newsletter.Content.Search;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Content.Posts;

internal static class ReadEndpoints
{
    private const int LongestQuery = 200;

    public static void MapPostReading(this WebApplication app)
    {
        var posts = app.MapPublication<ContentDb>("/api/v1/publications/{p}/posts").WithTags("Posts");
        posts.MapGet("", ListAsync).ForAnyone();
        posts.MapGet("/{slug}", GetAsync).ForAnyone().AllowEmbedding();
        posts.MapGet("/{slug}/preview", PreviewAsync).ForStaff(Permission.PostsRead);
    }

    /// <summary>
    /// Published posts, newest first. For staff also drafts and, with <c>state=all</c>, every post, last changed first; and what is scheduled, first due first.
    /// </summary>
    /// <param name="q">Part of the title, for staff; case and accents do not matter.</param>
    private static async Task<Results<Ok<ListPage<CardAnswer>>, ProblemHttpResult>> ListAsync(
        KnownPublication publication, Caller? caller, ContentDb db, CancellationToken cancellation,
        string? state = null, string? topic = null, string? kind = null, string? q = null, string? cursor = null, int limit = 50)
    {
        var all = state == "all";
        if (!TryRead(all ? null : state, PostState.Published, out var wanted)) return Problem.BadRequest("A state is draft, scheduled, published or all.");
        if (!TryRead(kind, PostKind.Article, out var wantedKind)) return Problem.BadRequest("A kind is article or digest.");
        var isStaff = caller?.May(Permission.PostsRead) == true;
        if ((all || wanted != PostState.Published) && !isStaff) return Problem.Forbidden("Drafts are for staff.");
        if (q is not null && !isStaff) return Problem.Forbidden("Readers have the search.");
        var size = Math.Clamp(limit, 1, 100);
        var posts = db.Posts.AsNoTracking().Where(p => p.PublicationId == publication.Snapshot.Id && (all || p.State == wanted));
        if (topic is not null) posts = posts.WithTopic(db, topic);
        if (kind is not null) posts = posts.Where(p => p.Kind == wantedKind);
        if (q is not null && Folded.Text(q.Length > LongestQuery ? q[..LongestQuery] : q) is { Length: > 0 } words) posts = posts.Where(p => p.FoldedTitle.Contains(words));
        var place = Place.Read(cursor);
        posts = all || wanted == PostState.Draft ? posts.ChangedBefore(place) : wanted == PostState.Scheduled ? posts.DueAfter(place) : posts.After(place);
        var cards = await posts.Take(size + 1).Select(Card.OfPost).ToListAsync(cancellation);
        return TypedResults.Ok(new ListPage<CardAnswer>(
            [.. cards.Take(size).Select(c => CardAnswer.Of(c, publication.BaseUrl))], cards.Count > size ? PlaceOf(cards[size - 1]) : null));

        string PlaceOf(Card last) => Place.Of(
            all || wanted == PostState.Draft ? last.UpdatedAt : wanted == PostState.Scheduled ? last.ScheduledAt!.Value : last.PublishedAt ?? last.UpdatedAt, last.Id);
    }

    private static async Task<Results<Ok<PostAnswer>, ProblemHttpResult>> GetAsync(
        string slug, KnownPublication publication, Caller? caller, ContentDb db, PostCache cache, GateKeeper keeper, HttpContext http, CancellationToken cancellation)
    {
        var post = await cache.FindAsync(db, publication.Snapshot.Id, slug, cancellation);
        if (post is null && caller?.May(Permission.PostsRead) == true) post = await WriteEndpoints.FindAsync(db, publication, slug, cancellation);
        if (post is null) return WriteEndpoints.NoSuchPost();
        var admission = await keeper.AdmitAsync(http, db, caller, publication, post, cancellation);
        http.Response.Headers.CacheControl = admission.IsPersonal ? "private, no-store" : "public, max-age=0, s-maxage=30";
        http.Response.Headers.Append("Vary", "Cookie");
        return TypedResults.Ok(PostAnswer.Of(post, publication.BaseUrl, admission));
    }

    /// <summary>A word of the API in a query; binding would take numbers and only the words of C#.</summary>
    private static bool TryRead<T>(string? word, T missing, out T value) where T : struct, Enum
    {
        value = missing;
        return word is null || word.All(char.IsAsciiLetterLower) && Enum.TryParse(word, ignoreCase: true, out value);
    }

    private static async Task<Results<Ok<Cut>, ProblemHttpResult>> PreviewAsync(
        string slug, KnownPublication publication, ContentDb db, CancellationToken cancellation, string? level = null)
    {
        if (!TryRead(level, Access.Public, out var wanted)) return Problem.BadRequest("A level is public, subscribers or paid.");
        if (await WriteEndpoints.FindAsync(db, publication, slug, cancellation) is not { } post) return WriteEndpoints.NoSuchPost();
        return TypedResults.Ok(post.Rendering.CutFor(wanted, whole: wanted >= post.Access));
    }
}

internal sealed record CardAnswer(
    Guid Id, string Slug, PostState State, PostKind Kind, string Title, string Summary, IReadOnlyList<string> Authors, IReadOnlyList<string> Topics,
    Access Access, IReadOnlyList<string> Tiers, int ReadingMinutes, string Url, DateTimeOffset? PublishedAt, DateTimeOffset? ScheduledAt, DateTimeOffset UpdatedAt, long Version)
{
    public static CardAnswer Of(Card c, string baseUrl) => new(
        c.Id, c.Slug, c.State, c.Kind, c.Title, c.Summary, c.Authors, c.Topics, c.Access, c.Tiers, c.Minutes, Post.UrlOf(baseUrl, c.Slug), c.PublishedAt, c.ScheduledAt, c.UpdatedAt, c.Version);
}

/// <param name="Asks">What the post asks for, the archive rule included.</param>
internal sealed record GateAnswer(GateDecision Decision, GateReason Reason, Access Asks, MeterAnswer? Meter);

internal sealed record MeterAnswer(int Read, int Free);

/// <summary>A post as one reader may see it: the allowed cut, and nothing beside it.</summary>
internal sealed record PostAnswer(
    Guid Id, string Slug, PostState State, PostKind Kind, string Title, string Summary, IReadOnlyList<string> Authors, IReadOnlyList<string> Topics,
    Access Access, IReadOnlyList<string> Tiers, int ReadingMinutes, string Url, DateTimeOffset? PublishedAt, DateTimeOffset UpdatedAt,
    GateAnswer Gate, bool Complete, string Html, string Text, IReadOnlyList<EntrySnapshot> Entries)
{
    public static PostAnswer Of(Post p, string baseUrl, Admission admission)
    {
        var gate = admission.Gate;
        var cut = p.Rendering.CutFor(gate.Level, gate.IsOpen);
        return new(
            p.Id, p.Slug, p.State, p.Kind, p.Title, p.Summary, p.Authors, p.Topics, p.Access, p.Tiers, p.Minutes, Post.UrlOf(baseUrl, p.Slug), p.PublishedAt, p.UpdatedAt,
            new(gate.Decision, gate.Reason, gate.Asks, admission is { Read: { } read, Free: { } free } ? new(read, free) : null),
            cut.Complete, cut.Html, cut.Text, cut.Complete ? p.Rendering.Entries : []);
    }
}
