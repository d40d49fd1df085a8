using System.ComponentModel.DataAnnotations;
using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Billing.Grants;

internal static class GrantEndpoints
{
    private const int MostYears = 100;

    public static void MapGrants(this RouteGroupBuilder api)
    {
        api.MapGet("/grants", List).ForStaff(Permission.BillingRead);
        api.MapPost("/grants", Give).ForStaff(Permission.BillingWrite);
        api.MapDelete("/grants/{id:guid}", Remove).ForStaff(Permission.BillingWrite);
    }

    /// <summary>Newest first.</summary>
    /// <param name="active">Only those that are valid now.</param>
    private static async Task<Ok<ListPage<GrantView>>> List(
        CurrentPublication publication, BillingDb db, TimeProvider time, Guid? subscriberId, bool? active, int? limit, string? cursor, CancellationToken cancellation)
    {
        var size = Math.Clamp(limit ?? 50, 1, 100);
        var before = Guid.TryParse(Cursor.Read(cursor), CultureInfo.InvariantCulture, out var id) ? id : Guid.AllBitsSet;
        var rows = db.Grants.AsNoTracking()
            .Where(g => g.PublicationId == publication.Id && !g.Deleted && g.SubscriberId != null && (subscriberId == null || g.SubscriberId == subscriberId) && g.Id < before);
        if (active == true && time.GetUtcNow() is var now) rows = rows.Where(g => g.From <= now && g.Until > now);
        var grants = await rows.OrderByDescending(g => g.Id).Take(size + 1).ToListAsync(cancellation);
        var next = grants.Count > size ? Cursor.Of(grants[size - 1].Id.ToString()) : null;
        return TypedResults.Ok(new ListPage<GrantView>([.. grants.Take(size).Select(GrantView.Of)], next));
    }

    private static async Task<Results<Created<GrantView>, ProblemHttpResult, ValidationProblem>> Give(
        CurrentPublication publication, NewGrant request, BillingDb db, GrantBook book, TimeProvider time, CancellationToken cancellation)
    {
        if (request.Source is not (GrantSource.Complimentary or GrantSource.Gift)) return Problem.Field("source", "Only complimentary and gift grants are given by hand.");
        var now = time.GetUtcNow();
        if (request.Until <= now || request.Until > now.AddYears(MostYears)) return Problem.Field("until", "A time to come, at most a hundred years away.");
        if (!await db.Tiers.AnyAsync(t => t.PublicationId == publication.Id && t.Slug == request.Tier, cancellation)) return Problem.Field("tier", "There is no such tier.");
        if (!await db.Readers.AnyAsync(r => r.PublicationId == publication.Id && r.Id == request.SubscriberId && !r.Deleted, cancellation))
            return Problem.Field("subscriberId", "There is no such subscriber.");
        var grant = Grant.OfFavour(publication.Id, request.SubscriberId, request.Tier, request.Source, now, request.Until.ToUniversalTime(), time);
        book.Give(grant);
        book.Publish();
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Created($"/api/v1/publications/{publication.Slug}/grants/{grant.Id}", GrantView.Of(grant));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> Remove(
        CurrentPublication publication, Guid id, BillingDb db, GrantBook book, CancellationToken cancellation)
    {
        var grant = await db.Grants.SingleOrDefaultAsync(g => g.PublicationId == publication.Id && g.Id == id && !g.Deleted && g.SubscriberId != null, cancellation);
        if (grant is null) return Problem.NotFound("There is no such grant.");
        if (grant.Source == GrantSource.Subscription) return Problem.Conflict("This grant follows a subscription; cancel that instead.");
        book.Remove(grant);
        book.Publish();
        await db.SaveChangesAsync(cancellation);
        return TypedResults.NoContent();
    }
}

public sealed record NewGrant(
    Guid SubscriberId, [property: Required, StringLength(60)] string Tier, DateTimeOffset Until, GrantSource Source = GrantSource.Complimentary);

internal sealed record GrantView(Guid Id, Guid SubscriberId, string Tier, GrantSource Source, DateTimeOffset From, DateTimeOffset Until)
{
    public static GrantView Of(Grant g) => new(g.Id, g.SubscriberId!.Value, g.Tier, g.Source, g.From, g.Until);
}
