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
        api.MapGet("/subscribers", ListAsync).ForStaff(Permission.SubscribersRead);
        api.MapGet("/subscribers/{id:guid}", GetAsync).ForStaff(Permission.SubscribersRead);
        api.MapPost("/subscribers", AddAsync).ForStaff(Permission.SubscribersWrite).ClosedWhileSuspended();
        api.MapPatch("/subscribers/{id:guid}", ChangeAsync).ForStaff(Permission.SubscribersWrite).AgainWhenOvertaken();
        api.MapDelete("/subscribers/{id:guid}", EraseAsync).ForStaff(Permission.SubscribersWrite);
        api.MapImport();
        api.MapExport();
    }

    /// <param name="q">The beginning of an address, or a part of a name.</param>
    private static async Task<Results<Ok<ListPage<SubscriberView>>, ValidationProblem>> ListAsync(
        [StringLength(254)] string? q, string? status, string? cursor, [Range(1, 100)] int? limit,
        CurrentPublication publication, SubscriberDb db, CancellationToken cancellation)
    {
        if (q?.Any(char.IsControl) == true) return Problem.Field("q", "There is nothing to find by a control character.");
        var query = db.Subscribers.AsNoTracking().Where(s => s.PublicationId == publication.Id);
        if (status is not null)
        {
            // Enums in a query are bound by their names in C#, not by ours.
            if (SubscriberView.StatusNamed(status) is not { } wanted) return Problem.Field("status", "A status is pending, active or unsubscribed.");
            query = query.Where(SubscriberView.Has(wanted));
        }
        if (!string.IsNullOrWhiteSpace(q))
        {
            var start = q.Trim().ToLowerInvariant();
#pragma warning disable CA1304, CA1311, CA1862 // It becomes SQL's lower(), the one way that both databases compare alike.
            query = query.Where(s => s.NormalisedEmail.StartsWith(start) || s.Name!.ToLower().Contains(start));
#pragma warning restore CA1304, CA1311, CA1862
        }
        if (Cursor.Read(cursor) is { } after)
        {
            if (!Guid.TryParse(after, out var last)) return Problem.Field("cursor", "The cursor is not one that this list gave.");
            query = query.Where(s => s.Id.CompareTo(last) < 0);
        }
        var take = limit ?? 50;
        var rows = await query.OrderByDescending(s => s.Id).Take(take + 1).ToListAsync(cancellation);
        var items = rows.Take(take).Select(s => SubscriberView.Of(s, publication)).ToList();
        return TypedResults.Ok(new ListPage<SubscriberView>(items, rows.Count > take ? Cursor.Of(items[^1].Id.ToString()) : null));
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
