using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Subscribers;

/// <summary>All that is set must hold.</summary>
/// <param name="Q">The beginning of an address, or a part of a name.</param>
/// <param name="Newsletter">A slug: who consented to it. Who only asked for it, and did not confirm, is not among them.</param>
/// <param name="Id">Any of these, at most 100: <c>id=…&amp;id=…</c>.</param>
/// <param name="Topic">Who chose it by name; those who chose none get all, and are not among them.</param>
public sealed record SubscriberQuery(
    [MaxLength(100)] Guid[]? Id, [StringLength(254)] string? Q, string? Status, [StringLength(64)] string? Tag, [StringLength(64)] string? Newsletter, [StringLength(64)] string? Topic,
    string? Cursor, [Range(1, 100)] int? Limit);

internal sealed record TagView(string Tag);

/// <summary>The newest first.</summary>
internal static class ListEndpoint
{
    private const int MostTags = 1000;

    public static void MapList(this RouteGroupBuilder api)
    {
        api.MapGet("/subscribers", ListAsync).ForStaff(Permission.SubscribersRead);
        api.MapGet("/subscribers/tags", ListTagsAsync).ForStaff(Permission.SubscribersRead);
    }

    private static async Task<Results<Ok<ListPage<SubscriberView>>, ValidationProblem>> ListAsync(
        [AsParameters] SubscriberQuery query, CurrentPublication publication, SubscriberDb db, CancellationToken cancellation)
    {
        if (new[] { query.Q, query.Tag, query.Topic }.Any(text => text?.Any(char.IsControl) == true)) return Problem.Field("q", "There is nothing to find by a control character.");
        var status = SubscriberView.StatusNamed(query.Status);
        // Enums in a query are bound by their names in C#, not by ours.
        if (query.Status is not null && status is null) return Problem.Field("status", "A status is pending, active or unsubscribed.");
        var newsletter = publication.Snapshot.Newsletters.FirstOrDefault(n => n.Slug == query.Newsletter);
        if (query.Newsletter is not null && newsletter is null) return Problem.Field("newsletter", "There is no such newsletter here.");

        var ids = Matching(query, status, newsletter?.Id, publication.Id, db);
        if (Cursor.Read(query.Cursor) is { } after)
        {
            if (!Guid.TryParse(after, out var last)) return Problem.Field("cursor", "The cursor is not one that this list gave.");
            ids = ids.Where(id => id.CompareTo(last) < 0);
        }
        var take = query.Limit ?? 50;
        // Their ids first, from one index in its order: joined with the rest, SQLite would sort all that match.
        var page = await ids.OrderByDescending(id => id).Take(take + 1).ToListAsync(cancellation);
        var more = page.Count > take;
        if (more) page.RemoveAt(take);
        var rows = await db.Subscribers.AsNoTracking().Where(s => s.PublicationId == publication.Id && page.Contains(s.Id)).OrderByDescending(s => s.Id).ToListAsync(cancellation);
        return TypedResults.Ok(new ListPage<SubscriberView>([.. rows.Select(s => SubscriberView.Of(s, publication))], more ? Cursor.Of(page[^1].ToString()) : null));
    }

    /// <summary>The narrowest filter leads: its index is walked, and each of its rows asked about the others.</summary>
    private static IQueryable<Guid> Matching(SubscriberQuery query, SubscriberStatus? status, Guid? newsletter, Guid publication, SubscriberDb db)
    {
        var people = db.Subscribers.Where(s => s.PublicationId == publication);
        if (status is { } wanted) people = people.Where(SubscriberView.Has(wanted));
        var areNamed = query.Id is { Length: > 0 };
        if (areNamed) people = people.Where(s => query.Id!.Contains(s.Id));
        var isSearch = !string.IsNullOrWhiteSpace(query.Q);
        if (isSearch)
        {
            var start = query.Q!.Trim().ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862 // It becomes SQL's lower(), the one way that both databases compare alike.
            people = people.Where(s => s.NormalisedEmail.StartsWith(start) || s.Name!.ToLower().Contains(start));
#pragma warning restore CA1304, CA1311, CA1862
        }

        List<IQueryable<Guid>> filters = [];
        if (query.Tag is { } tag) filters.Add(Labelled(LabelKind.Tag, tag));
        if (query.Topic is { } topic) filters.Add(Labelled(LabelKind.Topic, topic));
        if (newsletter is { } id) filters.Add(db.Consents.Where(c => c.NewsletterId == id && c.WithdrawnAt == null).Select(c => c.SubscriberId));
        if (filters.Count == 0) return people.Select(s => s.Id);
        var ids = filters.Skip(1).Aggregate(filters[0], (found, filter) => found.Where(one => filter.Any(other => other == one)));
        return status is null && !isSearch && !areNamed ? ids : ids.Where(one => people.Any(s => s.Id == one));

        IQueryable<Guid> Labelled(LabelKind kind, string word) =>
            db.Labels.Where(l => l.PublicationId == publication && l.Kind == kind && l.Word == word).Select(l => l.SubscriberId);
    }

    /// <summary>Those in use. The index is asked for the next one each time, so that it costs by tags and not by readers.</summary>
    private static async Task<Ok<ListPage<TagView>>> ListTagsAsync(CurrentPublication publication, SubscriberDb db, CancellationToken cancellation)
    {
        const short tag = (short)LabelKind.Tag;
        var words = await db.Database.SqlQuery<string>(
            $"""
            WITH RECURSIVE used(word) AS (
                SELECT MIN(word) FROM subscriber_labels WHERE publication_id = {publication.Id} AND kind = {tag}
                UNION ALL
                SELECT (SELECT MIN(l.word) FROM subscriber_labels l WHERE l.publication_id = {publication.Id} AND l.kind = {tag} AND l.word > used.word) FROM used WHERE used.word IS NOT NULL
            )
            SELECT word AS "Value" FROM used WHERE word IS NOT NULL LIMIT {MostTags}
            """).ToListAsync(cancellation);
        return TypedResults.Ok(new ListPage<TagView>(words.ConvertAll(w => new TagView(w)), null));
    }
}
