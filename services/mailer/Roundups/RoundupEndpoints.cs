using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Roundups;

internal static class RoundupEndpoints
{
    private const int MostMissed = 52;

    public static void MapRoundups(this RouteGroupBuilder api)
    {
        api.MapGet("/roundups", ListAsync).ForStaff(Permission.EditionsRead);
        api.MapPost("/roundups", RunAsync).ForStaff(Permission.EditionsWrite).ClosedWhileSuspended();
    }

    private static async Task<Ok<ListPage<RoundupView>>> ListAsync(
        CurrentPublication publication, MailerDb db, RoundupMaker maker, SharedClock clock, CancellationToken cancellation)
    {
        List<RoundupView> views = [];
        foreach (var newsletter in RoundupsOf(publication))
        {
            var (schedule, zone) = (newsletter.Schedule!, publication.Snapshot.TimeZone);
            var last = await db.Editions.AsNoTracking().Where(e => e.NewsletterId == newsletter.Id && e.PublicationId == publication.Id && e.SlotAt != null)
                .OrderByDescending(e => e.SlotAt).FirstOrDefaultAsync(cancellation);
            var now = await clock.NowAsync(cancellation);
            // One that was run early is done.
            var next = Slots.NextAfter(schedule, zone, last?.SlotAt > now ? last.SlotAt.Value : now);
            var (_, posts) = await maker.PlanAsync(publication.Snapshot, newsletter, next, cancellation);
            views.Add(new(newsletter.Slug, newsletter.Name, next, posts.Count, last?.SlotAt, last?.Id, last is null ? 0 : MissedSince(last.SlotAt!.Value, schedule, zone, now)));
        }
        return TypedResults.Ok(new ListPage<RoundupView>(views, null));
    }

    /// <summary>Slots that nobody makes up any more.</summary>
    private static int MissedSince(DateTimeOffset last, RoundupSchedule schedule, string zone, DateTimeOffset now)
    {
        var missed = 0;
        for (var slot = Slots.NextAfter(schedule, zone, last); missed < MostMissed && Slots.CutOff(schedule, slot, zone) <= now - Edition.Patience; slot = Slots.NextAfter(schedule, zone, slot)) missed++;
        return missed;
    }

    private static List<NewsletterSnapshot> RoundupsOf(CurrentPublication publication) =>
        [.. publication.Snapshot.Newsletters.Where(n => n is { Kind: NewsletterKind.Roundup, Schedule: not null })];

    /// <summary>
    /// Runs the next slot now. The slot is the edition's key: asked again, it answers the same edition and mails nobody twice. With nothing to tell, it
    /// is left to its hour: what is published until then would have to wait for another week.
    /// </summary>
    private static async Task<Results<Created<EditionView>, Ok<EditionView>, ProblemHttpResult>> RunAsync(
        RoundupRequest? request, CurrentPublication publication, RoundupMaker maker, EditionWorker worker, SharedClock clock, CancellationToken cancellation)
    {
        var roundups = RoundupsOf(publication);
        var newsletter = request?.Newsletter is { } slug ? roundups.Find(n => n.Slug == slug) : roundups.FirstOrDefault();
        if (newsletter is null) return Problem.NotFound("There is no such roundup.");
        var slot = Slots.NextAfter(newsletter.Schedule!, publication.Snapshot.TimeZone, await clock.NowAsync(cancellation));
        var (edition, isNew) = await maker.MakeAsync(publication.Snapshot, newsletter, slot, evenEmpty: false, cancellation);
        if (edition is null) return Problem.Conflict("Nothing new was published since the last roundup. Nothing was sent, and the next one goes out at its hour.");
        var view = EditionView.Of(edition);
        if (!isNew) return TypedResults.Ok(view);
        SlotWatch.Made("early");
        worker.Wake();
        return TypedResults.Created($"/api/v1/publications/{publication.Slug}/editions/{edition.Id}", view);
    }
}

/// <param name="NextAt">The next slot that was not run yet.</param>
/// <param name="WaitingPosts">Posts that it would hold now.</param>
/// <param name="Missed">Slots since the last one that were not run in time and are not made up.</param>
internal sealed record RoundupView(string Newsletter, string Name, DateTimeOffset NextAt, int WaitingPosts, DateTimeOffset? LastSlotAt, Guid? LastEditionId, int Missed);

public sealed record RoundupRequest
{
    /// <summary>The newsletter's slug; may be left out where there is one roundup.</summary>
    [StringLength(100)]
    public string? Newsletter { get; init; }
}
