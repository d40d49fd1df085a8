using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Sessions;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Subscribers;

/// <summary>What this service knows of one reader; their letters are the mailer's to tell, their payments billing's.</summary>
internal sealed record StoryView(SubscriberView Subscriber, IReadOnlyList<ConsentView> Consents, IReadOnlyList<SessionView> Sessions);

/// <param name="Newsletter">Its slug; its id where it is no longer there.</param>
internal sealed record ConsentView(string Newsletter, DateTimeOffset GivenAt, string Source, DateTimeOffset? WithdrawnAt, string? WithdrawnBy);

internal sealed record SessionView(Guid Id, string Device, DateTimeOffset CreatedAt, DateTimeOffset LastSeenAt, DateTimeOffset ExpiresAt);

internal static class StoryEndpoints
{
    private const int MostConsents = 200;
    private const int MostSessions = 50;

    public static void MapStory(this RouteGroupBuilder api)
    {
        api.MapGet("/subscribers/{id:guid}/story", TellAsync).ForStaff(Permission.SubscribersRead);
        api.MapDelete("/subscribers/{id:guid}/sessions", SignOutAsync).ForStaff(Permission.SubscribersWrite).AgainWhenOvertaken();
    }

    private static async Task<Results<Ok<StoryView>, ProblemHttpResult>> TellAsync(
        Guid id, CurrentPublication publication, SubscriberDb db, TimeProvider time, CancellationToken cancellation)
    {
        var subscriber = await db.Subscribers.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id && s.PublicationId == publication.Id, cancellation);
        if (subscriber is null) return Problem.NotFound("There is no such subscriber.");
        var now = time.GetUtcNow();
        var sessions = await db.Sessions.Where(s => s.SubscriberId == id && s.PublicationId == publication.Id && s.ExpiresAt > now).OrderByDescending(s => s.LastSeenAt)
            .Take(MostSessions).Select(s => new SessionView(s.Id, s.Device, s.CreatedAt, s.LastSeenAt, s.ExpiresAt)).ToListAsync(cancellation);
        var slugs = publication.Snapshot.Newsletters.ToDictionary(n => n.Id, n => n.Slug);
        var consents = subscriber.Consents.OrderByDescending(c => c.GivenAt).Take(MostConsents)
            .Select(c => new ConsentView(slugs.GetValueOrDefault(c.NewsletterId, c.NewsletterId.ToString()), c.GivenAt, c.Source, c.WithdrawnAt, c.WithdrawnBy));
        return TypedResults.Ok(new StoryView(SubscriberView.Of(subscriber, publication), [.. consents], sessions));
    }

    /// <summary>Out of every device, and out of the feeds that they made for themselves.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> SignOutAsync(
        Guid id, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, CancellationToken cancellation)
    {
        var subscriber = await db.Subscribers.SingleOrDefaultAsync(s => s.Id == id && s.PublicationId == publication.Id, cancellation);
        if (subscriber is null) return Problem.NotFound("There is no such subscriber.");
        await db.SignOutEverywhereAsync(subscriber, keys, time, cancellation);
        return TypedResults.NoContent();
    }
}
