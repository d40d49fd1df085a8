using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Checkouts;
using Newsletter.Billing.Grants;
using Newsletter.Billing.Pages;
using Newsletter.Billing.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;
using Newsletter.Defaults.Problems;

namespace Newsletter.Billing.Gifts;

internal static class GiftEndpoints
{
    public static void MapGifts(this RouteGroupBuilder pages)
    {
        pages.MapGet("/gifts/{token}", Show).ForAnyone();
        pages.MapPost("/gifts/{token}", Take).ForReaders().WithMetadata(new RequireAntiforgeryTokenAttribute());
    }

    public static void MapGiftApi(this RouteGroupBuilder api) => api.MapPost("/grants/gifts", Create).ForStaff(Permission.BillingWrite).ShownOnce();

    private static async Task<IResult> Create(CurrentPublication publication, NewGift request, BillingDb db, TimeProvider time, CancellationToken cancellation)
    {
        var tier = await db.Tiers.AsNoTracking().SingleOrDefaultAsync(t => t.PublicationId == publication.Id && t.Slug == request.Tier, cancellation);
        if (tier is null) return Problem.Field("tier", "There is no such tier.");
        var (gift, token) = Gift.Create(publication.Id, tier.Id, request.Days, time.GetUtcNow().AddDays(request.ValidDays), time);
        db.Add(gift);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Ok(new GiftAnswer($"{publication.BaseUrl}/gifts/{token}", gift.ExpiresAt));
    }

    private static async Task<IResult> Show(
        CurrentPublication publication, Caller? caller, string token, BillingDb db, SitePages sites, TimeProvider time, HttpResponse response, CancellationToken cancellation)
    {
        KeepPrivate(response);
        var page = await sites.OfAsync(publication, caller is { Role: Role.Reader } ? caller : null, cancellation);
        if (await FindAsync(publication, token, db, cancellation) is not { } gift || !gift.IsOpen(time.GetUtcNow())) return Over(page);
        var tier = await db.Tiers.AsNoTracking().SingleAsync(t => t.Id == gift.TierId, cancellation);
        return new RazorComponentResult<GiftPage>(new { Page = page, Tier = tier.Name, gift.Days, Token = token });
    }

    private static async Task<IResult> Take(
        CurrentPublication publication, Caller caller, string token, BillingDb db, GrantBook book, SitePages sites, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        KeepPrivate(http.Response);
        if (http.Features.Get<IAntiforgeryValidationFeature>() is { IsValid: false }) return Problem.BadRequest("The form is too old; please reload the page.");
        var now = time.GetUtcNow();
        if (await FindAsync(publication, token, db, cancellation) is not { } gift || !gift.IsOpen(now))
            return Over(await sites.OfAsync(publication, caller, cancellation));
        var tier = await db.Tiers.AsNoTracking().SingleAsync(t => t.Id == gift.TierId, cancellation);
        // Its version is checked by the save: of two takers at once, one gets a conflict.
        gift.Take(caller.Subject, time);
        book.Give(Grant.OfFavour(publication.Id, caller.Subject, tier.Slug, GrantSource.Gift, now, now.AddDays(gift.Days), time));
        book.Publish();
        await db.SaveChangesAsync(cancellation);
        return CheckoutEndpoints.SeeOther(http.Response, $"{publication.BaseUrl}/billing");
    }

    private static Task<Gift?> FindAsync(CurrentPublication publication, string token, BillingDb db, CancellationToken cancellation)
    {
        var hash = Gift.HashOf(token);
        return db.Gifts.SingleOrDefaultAsync(g => g.PublicationId == publication.Id && g.TokenHash == hash, cancellation);
    }

    private static RazorComponentResult<ProblemPage> Over(SitePage page) =>
        new(new { page.Site, page.Viewer, Status = 410, Title = "This gift is no longer open", Detail = "It was taken, or its time is over." }) { StatusCode = StatusCodes.Status410Gone };

    private static void KeepPrivate(HttpResponse response)
    {
        response.Headers.CacheControl = "no-cache, no-store";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }
}

/// <param name="Days">How long the taker may read.</param>
/// <param name="ValidDays">How long the link may be taken.</param>
public sealed record NewGift(
    [property: Required, StringLength(60)] string Tier, [property: Range(1, 3660)] int Days, [property: Range(1, 3660)] int ValidDays = 90);

internal sealed record GiftAnswer(string Url, DateTimeOffset ExpiresAt);
