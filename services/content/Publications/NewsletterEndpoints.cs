using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Content.Publications;

internal static class NewsletterEndpoints
{
    private const int AtMost = 20;

    public static void MapNewsletters(this WebApplication app)
    {
        var newsletters = app.MapPublication<ContentDb>("/api/v1/publications/{p}/newsletters").WithTags("Newsletters");
        newsletters.MapGet("", List).ForAnyone();
        newsletters.MapPost("", CreateAsync).ForStaff(Permission.PublicationWrite).AgainWhenOvertaken();
        newsletters.MapPatch("/{slug}", ChangeAsync).ForStaff(Permission.PublicationWrite).AgainWhenOvertaken();
    }

    private static ListPage<NewsletterAnswer> List(CurrentPublication current) => new([.. current.Snapshot.Newsletters.Select(NewsletterAnswer.Of)], null);

    private static async Task<Results<Created<NewsletterAnswer>, ValidationProblem, ProblemHttpResult>> CreateAsync(
        NewsletterRequest request, CurrentPublication current, ContentDb db, PublicationCache cache, TimeProvider time, CancellationToken cancellation)
    {
        if (request.Name is null) return Problem.Field("name", "A name is needed.");
        if (request.Kind == NewsletterKind.Roundup != request.Schedule is not null) return Problem.Field("schedule", "Roundups have a schedule, others have none.");
        var publication = await db.Publications.SingleAsync(p => p.Id == current.Id, cancellation);
        if (publication.NewsletterOf(request.Slug) is not null) return Problem.Conflict("There is a newsletter with this slug.");
        if (publication.Newsletters.Count >= AtMost) return Problem.Conflict($"A publication has at most {AtMost} newsletters.");
        var newsletter = new NewsletterSnapshot
        {
            Id = Guid.CreateVersion7(),
            Slug = request.Slug,
            Name = request.Name,
            Description = request.Description ?? "",
            Kind = request.Kind,
            Schedule = request.Schedule?.ToSchedule(),
        };
        await SaveAsync(publication, newsletter, db, cache, time, cancellation);
        return TypedResults.Created($"/api/v1/publications/{current.Slug}/newsletters/{newsletter.Slug}", NewsletterAnswer.Of(newsletter));
    }

    private static async Task<Results<Ok<NewsletterAnswer>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        string slug, NewsletterChange request, CurrentPublication current, ContentDb db, PublicationCache cache, TimeProvider time, CancellationToken cancellation)
    {
        var publication = await db.Publications.SingleAsync(p => p.Id == current.Id, cancellation);
        if (publication.NewsletterOf(slug) is not { } newsletter) return Problem.NotFound("There is no such newsletter.");
        if (request.Schedule is not null && newsletter.Kind != NewsletterKind.Roundup) return Problem.Field("schedule", "Only roundups have a schedule.");
        var changed = newsletter with
        {
            Name = request.Name ?? newsletter.Name,
            Description = request.Description ?? newsletter.Description,
            Schedule = request.Schedule?.ToSchedule() ?? newsletter.Schedule,
        };
        if (changed != newsletter) await SaveAsync(publication, changed, db, cache, time, cancellation);
        return TypedResults.Ok(NewsletterAnswer.Of(changed));
    }

    private static async Task SaveAsync(
        Publication publication, NewsletterSnapshot newsletter, ContentDb db, PublicationCache cache, TimeProvider time, CancellationToken cancellation)
    {
        publication.Put(newsletter);
        db.Publish(publication.Changed(time));
        await db.SaveChangesAsync(cancellation);
        cache.Forget(publication.Slug);
    }
}

public record NewsletterChange
{
    [StringLength(80, MinimumLength = 1), SingleLine]
    public string? Name { get; init; }

    [StringLength(300), SingleLine]
    public string? Description { get; init; }

    public ScheduleRequest? Schedule { get; init; }
}

public sealed record NewsletterRequest : NewsletterChange
{
    [Required, RegularExpression(Slugs.Pattern), StringLength(60)]
    public string Slug { get; init; } = "";

    public required NewsletterKind Kind { get; init; }
}

public sealed record ScheduleRequest
{
    public required DayOfWeek Day { get; init; }

    /// <summary>Such as <c>08:00</c>.</summary>
    [Required, RegularExpression("^([01][0-9]|2[0-3]):[0-5][0-9]$")]
    public string Time { get; init; } = "";

    public bool InReadersZone { get; init; }

    public RoundupSchedule ToSchedule() => new(Day, TimeOnly.ParseExact(Time, "HH:mm", CultureInfo.InvariantCulture), InReadersZone);
}

internal sealed record NewsletterAnswer(Guid Id, string Slug, string Name, string Description, NewsletterKind Kind, ScheduleAnswer? Schedule)
{
    public static NewsletterAnswer Of(NewsletterSnapshot n) => new(n.Id, n.Slug, n.Name, n.Description, n.Kind,
        n.Schedule is { } s ? new(s.Day, s.Time.ToString("HH:mm", CultureInfo.InvariantCulture), s.InReadersZone) : null);
}

internal sealed record ScheduleAnswer(DayOfWeek Day, string Time, bool InReadersZone);
