using System.Globalization;
using System.Linq.Expressions;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;

namespace Newsletter.Content.Posts;

/// <summary>A post in a list: what everybody may see of it.</summary>
public sealed record Card(
    Guid Id, string Slug, PostState State, PostKind Kind, string Title, string Summary, IReadOnlyList<string> Authors, IReadOnlyList<string> Topics,
    Access Access, IReadOnlyList<string> Tiers, bool KeepOpen, int Minutes, DateTimeOffset? PublishedAt, DateTimeOffset? ScheduledAt, DateTimeOffset UpdatedAt, long Version)
{
    public static readonly Expression<Func<Post, Card>> OfPost = p => new Card(
        p.Id, p.Slug, p.State, p.Kind, p.Title, p.Summary, p.Authors, p.Topics, p.Access, p.Tiers, p.KeepOpen, p.Minutes, p.PublishedAt, p.ScheduledAt, p.UpdatedAt, p.Version);
}

/// <summary>A place in an order of posts by a date of theirs; ends in the post's id because dates may be equal.</summary>
internal readonly record struct Place(DateTimeOffset At, Guid Id)
{
    public static Place? Read(string? cursor)
    {
        if (Cursor.Read(cursor) is not { } text) return null;
        var parts = text.Split(' ');
        return parts.Length == 2 && long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var us) && us < 1L << 56 && Guid.TryParse(parts[1], out var id)
            ? new(DateTimeOffset.UnixEpoch.AddTicks(us * TimeSpan.TicksPerMicrosecond), id)
            : throw new BadHttpRequestException("The cursor is not one that this list gave.");
    }

    public static string Of(Card card) => Of(card.PublishedAt ?? card.UpdatedAt, card.Id);

    public static string Of(DateTimeOffset at, Guid id) => Cursor.Of(string.Create(CultureInfo.InvariantCulture,
        $"{(at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond} {id}"));
}

internal static class CardQueries
{
    public static IQueryable<Post> PublishedOf(this ContentDb db, Guid publication) =>
        db.Posts.Where(p => p.PublicationId == publication && p.State == PostState.Published);

    public static IQueryable<Post> WithTopic(this IQueryable<Post> posts, ContentDb db, string topic) =>
        posts.Where(p => db.PostTopics.Any(t => t.PostId == p.Id && t.Topic == topic));

    /// <summary>Newest first, from the place on.</summary>
    public static IQueryable<Post> After(this IQueryable<Post> posts, Place? place)
    {
        if (place is { At: var at, Id: var id }) posts = posts.Where(p => p.PublishedAt < at || p.PublishedAt == at && p.Id < id);
        return posts.OrderByDescending(p => p.PublishedAt).ThenByDescending(p => p.Id);
    }

    /// <summary>Last changed first, from the place on.</summary>
    public static IQueryable<Post> ChangedBefore(this IQueryable<Post> posts, Place? place)
    {
        if (place is { At: var at, Id: var id }) posts = posts.Where(p => p.UpdatedAt < at || p.UpdatedAt == at && p.Id < id);
        return posts.OrderByDescending(p => p.UpdatedAt).ThenByDescending(p => p.Id);
    }

    /// <summary>First due first, from the place on.</summary>
    public static IQueryable<Post> DueAfter(this IQueryable<Post> posts, Place? place)
    {
        if (place is { At: var at, Id: var id }) posts = posts.Where(p => p.ScheduledAt > at || p.ScheduledAt == at && p.Id > id);
        return posts.OrderBy(p => p.ScheduledAt).ThenBy(p => p.Id);
    }

    /// <summary>Oldest first, back from the place.</summary>
    public static IQueryable<Post> Before(this IQueryable<Post> posts, Place place)
    {
        var (at, id) = place;
        return posts.Where(p => p.PublishedAt > at || p.PublishedAt == at && p.Id > id).OrderBy(p => p.PublishedAt).ThenBy(p => p.Id);
    }
}
