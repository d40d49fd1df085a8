using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Segments;

internal static class SegmentEndpoints
{
    public static void MapSegments(this RouteGroupBuilder api)
    {
        api.MapGet("/segments", ListAsync).ForStaff(Permission.SubscribersRead);
        api.MapGet("/segments/{slug}", GetAsync).ForStaff(Permission.SubscribersRead);
        api.MapPut("/segments/{slug}", PutAsync).ForStaff(Permission.EditionsWrite);
        api.MapDelete("/segments/{slug}", DeleteAsync).ForStaff(Permission.EditionsWrite).AgainWhenOvertaken();
    }

    internal sealed record SegmentView(string Slug, string Name, SegmentRule Rule);

    internal sealed record SegmentDetails(string Slug, string Name, SegmentRule Rule, int Readers);

    private static async Task<Ok<ListPage<SegmentView>>> ListAsync(
        CurrentPublication publication, MailerDb db, CancellationToken cancellation, string? cursor = null, [Range(1, 100)] int limit = 50)
    {
        var after = Cursor.Read(cursor) ?? "";
        var segments = await db.Segments.AsNoTracking().Where(s => s.PublicationId == publication.Id && s.Slug.CompareTo(after) > 0)
            .OrderBy(s => s.Slug).Take(limit + 1).ToListAsync(cancellation);
        return TypedResults.Ok(new ListPage<SegmentView>(
            [.. segments.Take(limit).Select(s => new SegmentView(s.Slug, s.Name, s.Rule))], segments.Count > limit ? Cursor.Of(segments[limit - 1].Slug) : null));
    }

    private static async Task<Results<Ok<SegmentDetails>, ProblemHttpResult>> GetAsync(
        string slug, CurrentPublication publication, MailerDb db, TimeProvider time, CancellationToken cancellation)
    {
        if (await FindAsync(db, publication, slug, cancellation) is not { } segment) return Problem.NotFound("There is no such segment.");
        var readers = await SegmentReaders.CountAsync(db, publication.Id, segment.Rule, time.GetUtcNow(), cancellation);
        return TypedResults.Ok(new SegmentDetails(segment.Slug, segment.Name, segment.Rule, readers));
    }

    private static async Task<Results<Ok<SegmentView>, ValidationProblem>> PutAsync(
        [StringLength(100)] string slug, SegmentRequest request, CurrentPublication publication, MailerDb db, TimeProvider time, CancellationToken cancellation)
    {
        var newsletter = publication.Snapshot.Newsletters.FirstOrDefault(n => n.Slug == request.Newsletter);
        if (request.Newsletter is not null && newsletter is null) return Problem.Field("newsletter", "There is no such newsletter.");
        var segment = await FindAsync(db, publication, slug, cancellation);
        if (segment is null) db.Add(segment = Segment.Of(publication.Id, slug, time));
        segment.Define(request.Name, new() { NewsletterId = newsletter?.Id, Tier = request.Tier, Tag = request.Tag, Topic = request.Topic });
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Ok(new SegmentView(segment.Slug, segment.Name, segment.Rule));
    }

    private static async Task<NoContent> DeleteAsync(string slug, CurrentPublication publication, MailerDb db, CancellationToken cancellation)
    {
        if (await FindAsync(db, publication, slug, cancellation) is { } segment) db.Remove(segment);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.NoContent();
    }

    private static Task<Segment?> FindAsync(MailerDb db, CurrentPublication publication, string slug, CancellationToken cancellation) =>
        db.Segments.SingleOrDefaultAsync(s => s.PublicationId == publication.Id && s.Slug == slug, cancellation);
}

public sealed record SegmentRequest
{
    [Required, StringLength(100)]
    public string Name { get; init; } = "";

    /// <summary>A newsletter's slug.</summary>
    [StringLength(100)]
    public string? Newsletter { get; init; }

    [StringLength(100)]
    public string? Tier { get; init; }

    [StringLength(100)]
    public string? Tag { get; init; }

    [StringLength(100)]
    public string? Topic { get; init; }
}
