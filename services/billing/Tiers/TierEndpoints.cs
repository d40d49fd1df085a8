using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Tiers;

internal static class TierEndpoints
{
    /// <summary>More would not fit on a page that somebody is to choose from.</summary>
    private const int MostTiers = 50;

    public static void MapTiers(this RouteGroupBuilder api)
    {
        api.MapGet("/tiers", List).ForAnyone();
        api.MapPost("/tiers", Create).ForStaff(Permission.BillingWrite);
        api.MapGet("/tiers/{slug}", Get).ForAnyone();
        api.MapPut("/tiers/{slug}", Change).ForStaff(Permission.BillingWrite);
    }

    private static async Task<Ok<ListPage<TierView>>> List(
        CurrentPublication publication, Caller? caller, BillingDb db, int? limit, string? cursor, CancellationToken cancellation)
    {
        var size = Math.Clamp(limit ?? 50, 1, 100);
        var all = caller?.May(Permission.BillingRead) == true;
        var after = Guid.TryParse(Cursor.Read(cursor), CultureInfo.InvariantCulture, out var id) ? id : Guid.Empty;
        var tiers = await db.Tiers.AsNoTracking()
            .Where(t => t.PublicationId == publication.Id && (all || t.Active) && t.Id > after)
            .OrderBy(t => t.Id).Take(size + 1).ToListAsync(cancellation);
        var next = tiers.Count > size ? Cursor.Of(tiers[size - 1].Id.ToString()) : null;
        return TypedResults.Ok(new ListPage<TierView>([.. tiers.Take(size).Select(TierView.Of)], next));
    }

    private static async Task<Results<Ok<TierView>, ProblemHttpResult>> Get(
        CurrentPublication publication, Caller? caller, string slug, BillingDb db, CancellationToken cancellation)
    {
        var tier = await db.Tiers.AsNoTracking().SingleOrDefaultAsync(t => t.PublicationId == publication.Id && t.Slug == slug, cancellation);
        return tier is null || !tier.Active && caller?.May(Permission.BillingRead) != true
            ? Problem.NotFound("There is no such tier.")
            : TypedResults.Ok(TierView.Of(tier));
    }

    private static async Task<Results<Created<TierView>, ProblemHttpResult>> Create(
        CurrentPublication publication, NewTier request, BillingDb db, TimeProvider time, CancellationToken cancellation)
    {
        var slugs = await db.Tiers.Where(t => t.PublicationId == publication.Id).Select(t => t.Slug).ToListAsync(cancellation);
        if (slugs.Contains(request.Slug)) return Problem.Conflict("There is a tier with this slug.");
        if (slugs.Count >= MostTiers) return Problem.Conflict($"A publication has at most {MostTiers} tiers.");
        var tier = Tier.Create(publication.Id, request.Slug, request, time);
        db.Add(tier);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return Problem.Conflict("There is a tier with this slug.");
        }
        return TypedResults.Created($"/api/v1/publications/{publication.Slug}/tiers/{tier.Slug}", TierView.Of(tier));
    }

    private static async Task<Results<Ok<TierView>, ProblemHttpResult>> Change(
        CurrentPublication publication, string slug, ChangedTier request, BillingDb db, TimeProvider time, CancellationToken cancellation)
    {
        var tier = await db.Tiers.SingleOrDefaultAsync(t => t.PublicationId == publication.Id && t.Slug == slug, cancellation);
        if (tier is null) return Problem.NotFound("There is no such tier.");
        tier.Change(request, request.Active, time);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Ok(TierView.Of(tier));
    }
}
