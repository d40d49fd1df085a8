using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Erasure;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Mail;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Subscribers;

/// <param name="Confirmed">True: staff vouch for the consent. Else the person is mailed to confirm.</param>
public sealed record NewSubscriber(
    [Required, StringLength(EmailAddress.MaxLength), MailAddress] string Email,
    [PersonName] string? Name,
    Cadence? Cadence,
    [Slugs] IReadOnlyList<string>? Newsletters,
    [Slugs] IReadOnlyList<string>? Topics,
    [Slugs] IReadOnlyList<string>? Tags,
    [TimeZoneName] string? TimeZone,
    bool Confirmed);

/// <summary>What is absent stays as it is; an empty name or time zone is taken away.</summary>
public sealed record SubscriberChange(
    [PersonName] string? Name,
    Cadence? Cadence,
    [Slugs] IReadOnlyList<string>? Newsletters,
    [Slugs] IReadOnlyList<string>? Topics,
    [Slugs] IReadOnlyList<string>? Tags,
    string? TimeZone);

internal static class SubscriberEndpoints
{
    private const string Source = "staff";

    public static void MapSubscribers(this RouteGroupBuilder api)
    {
        api.MapList();
        api.MapStory();
        api.MapGet("/subscribers/{id:guid}", GetAsync).ForStaff(Permission.SubscribersRead);
        api.MapPost("/subscribers", AddAsync).ForStaff(Permission.SubscribersWrite).ClosedWhileSuspended();
        api.MapPatch("/subscribers/{id:guid}", ChangeAsync).ForStaff(Permission.SubscribersWrite).AgainWhenOvertaken();
        api.MapDelete("/subscribers/{id:guid}", EraseAsync).ForStaff(Permission.SubscribersWrite);
        api.MapImport();
        api.MapExport();
    }

    private static async Task<Results<Ok<SubscriberView>, ProblemHttpResult>> GetAsync(Guid id, CurrentPublication publication, SubscriberDb db, CancellationToken cancellation) =>
        await FindAsync(id, publication, db, cancellation) is { } found ? TypedResults.Ok(SubscriberView.Of(found, publication)) : NotThere();

    private static async Task<Results<Created<SubscriberView>, ValidationProblem, ProblemHttpResult>> AddAsync(
        NewSubscriber request, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, CancellationToken cancellation)
    {
        if (publication.Snapshot.Choose(request.Cadence, request.Newsletters) is not { } newsletters) return NoSuchNewsletter();
        if (!EmailAddress.TryParse(request.Email, out var email)) return Problem.Field("email", "This is no address.");
        var now = time.GetUtcNow();
        var links = await keys.ReadAsync(cancellation);
        var wish = new Wish(Rules.CleanName(request.Name), newsletters, request.Topics ?? [], request.TimeZone, Source);
        var subscriber = Subscriber.SignUp(publication.Id, email, wish, now);
        subscriber.Tag(request.Tags ?? []);
        if (request.Confirmed) subscriber.Confirm(now);
        else db.Publish(Mails.Confirmation(publication.Snapshot, subscriber, links, now));
        db.Add(subscriber);
        db.PublishChange(subscriber, links, time);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return Problem.Conflict("The address is known already.");
        }
        return TypedResults.Created($"/api/v1/publications/{publication.Slug}/subscribers/{subscriber.Id}", SubscriberView.Of(subscriber, publication));
    }

    private static async Task<Results<Ok<SubscriberView>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        Guid id, SubscriberChange request, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, CancellationToken cancellation)
    {
        if (request.TimeZone is { Length: > 0 } zone && !Rules.IsTimeZone(zone)) return Problem.Field("timeZone", "This is not an IANA time zone, such as Europe/Vienna.");
        if (await FindAsync(id, publication, db, cancellation) is not { } subscriber) return NotThere();
        if (request.Cadence is not null || request.Newsletters is not null)
        {
            if (publication.Snapshot.Choose(request.Cadence, request.Newsletters) is not { } newsletters) return NoSuchNewsletter();
            subscriber.Choose(newsletters.ToList(), Source, time.GetUtcNow());
        }
        subscriber.Describe(
            request.Name is null ? subscriber.Name : Rules.CleanName(request.Name),
            request.Topics ?? subscriber.Topics,
            request.TimeZone switch { null => subscriber.TimeZone, "" => null, var given => given });
        if (request.Tags is not null) subscriber.Tag(request.Tags);
        db.PublishChange(subscriber, await keys.ReadAsync(cancellation), time);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Ok(SubscriberView.Of(subscriber, publication));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> EraseAsync(
        Guid id, CurrentPublication publication, SubscriberDb db, TimeProvider time, CancellationToken cancellation)
    {
        if (await FindAsync(id, publication, db, cancellation) is not { } subscriber) return NotThere();
        await db.EraseAsync(subscriber, time, cancellation);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.NoContent();
    }

    private static Task<Subscriber?> FindAsync(Guid id, CurrentPublication publication, SubscriberDb db, CancellationToken cancellation) =>
        db.Subscribers.SingleOrDefaultAsync(s => s.Id == id && s.PublicationId == publication.Id, cancellation);

    private static ProblemHttpResult NotThere() => Problem.NotFound("There is no such subscriber.");

    private static ValidationProblem NoSuchNewsletter() => Problem.Field("newsletters", "There is no such newsletter here.");
}
