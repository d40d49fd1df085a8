using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Roundups;

internal static class RoundupEndpoints
{
    public static void MapRoundups(this RouteGroupBuilder api) =>
        api.MapPost("/roundups", RunAsync).ForStaff(Permission.EditionsWrite).ClosedWhileSuspended();

    /// <summary>Runs the next slot now. The slot is the edition's key: asked again, it answers the same edition and mails nobody twice.</summary>
    private static async Task<Results<Created<EditionView>, Ok<EditionView>, ProblemHttpResult>> RunAsync(
        RoundupRequest? request, CurrentPublication publication, RoundupMaker maker, EditionWorker worker, TimeProvider time, CancellationToken cancellation)
    {
        var roundups = publication.Snapshot.Newsletters.Where(n => n is { Kind: NewsletterKind.Roundup, Schedule: not null }).ToList();
        var newsletter = request?.Newsletter is { } slug ? roundups.Find(n => n.Slug == slug) : roundups.FirstOrDefault();
        if (newsletter is null) return Problem.NotFound("There is no such roundup.");
        var slot = Slots.NextAfter(newsletter.Schedule!, publication.Snapshot.TimeZone, time.GetUtcNow());
        var (edition, isNew) = await maker.MakeAsync(publication.Snapshot, newsletter, slot, cancellation);
        var view = EditionView.Of(edition);
        if (!isNew) return TypedResults.Ok(view);
        worker.Wake();
        return TypedResults.Created($"/api/v1/publications/{publication.Slug}/editions/{edition.Id}", view);
    }
}

public sealed record RoundupRequest
{
    /// <summary>The newsletter's slug; may be left out where there is one roundup.</summary>
    [StringLength(100)]
    public string? Newsletter { get; init; }
}
