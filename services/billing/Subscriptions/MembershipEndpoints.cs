using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Checkouts;
using Newsletter.Billing.Pages;
using Newsletter.Billing.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Billing.Subscriptions;

internal static class MembershipEndpoints
{
    public static void MapMembershipPages(this RouteGroupBuilder pages)
    {
        pages.MapGet("/billing", Show).ForReaders().OpenWhileSuspended();
        pages.MapPost("/billing", OpenPortal).ForReaders().OpenWhileSuspended().WithMetadata(new RequireAntiforgeryTokenAttribute());
    }

    private static async Task<IResult> Show(
        CurrentPublication publication, Caller caller, BillingDb db, CheckoutDesk desk, SitePages sites, TimeProvider time, HttpResponse response, CancellationToken cancellation)
    {
        response.Headers.CacheControl = "no-cache, no-store";
        var page = await sites.OfAsync(publication, caller, cancellation);
        var subscription = await desk.LiveOfAsync(publication.Id, caller.Subject, cancellation);
        var now = time.GetUtcNow();
        var grants = await db.Grants.AsNoTracking()
            .Where(g => g.PublicationId == publication.Id && g.SubscriberId == caller.Subject && !g.Deleted && g.Until > now)
            .OrderByDescending(g => g.Until).Take(10).ToListAsync(cancellation);
        var tiers = await db.Tiers.AsNoTracking().Where(t => t.PublicationId == publication.Id).ToListAsync(cancellation);
        var payers = await db.Customers.Where(c => c.PublicationId == publication.Id && c.SubscriberId == caller.Subject).Select(c => c.Id).ToListAsync(cancellation);
        var invoices = await db.Invoices.AsNoTracking().Where(i => payers.Contains(i.CustomerId) && i.PaidAt != null)
            .OrderByDescending(i => i.PaidAt).Take(24).ToListAsync(cancellation);
        var zone = TimeZoneInfo.TryFindSystemTimeZoneById(publication.Snapshot.TimeZone, out var known) ? known : TimeZoneInfo.Utc;
        var membership = new MembershipView(
            subscription is null ? null : MembershipViews.Of(subscription, tiers.Find(t => t.Id == subscription.TierId), zone),
            [.. grants.Where(g => g.Source != GrantSource.Subscription || subscription is null)
                .Select(g => MembershipViews.Of(g, tiers.Find(t => t.Slug == g.Tier)?.Name ?? g.Tier, zone))],
            invoices.ConvertAll(i => MembershipViews.Of(i, zone)),
            HasPortal: payers.Count > 0);
        return new RazorComponentResult<MembershipPage>(new { Page = page, Membership = membership });
    }

    private static async Task<IResult> OpenPortal(
        CurrentPublication publication, Caller caller, CheckoutDesk desk, SitePages sites, IOptions<StripeOptions> options,
        HttpContext http, CancellationToken cancellation)
    {
        http.Response.Headers.CacheControl = "private, no-store";
        if (http.Features.Get<IAntiforgeryValidationFeature>() is { IsValid: false }) return Problem.BadRequest("The form is too old; please reload the page.");
        try
        {
            var url = await desk.PortalAsync(publication, caller.Subject, options.Value.PortalConfiguration, cancellation);
            return CheckoutEndpoints.SeeOther(http.Response, url ?? $"{publication.BaseUrl}/plans");
        }
        catch (Exception e) when (StripeFailure.IsFailure(e, cancellation))
        {
            return await CheckoutEndpoints.ProviderAwayAsync(publication, caller, e, sites, cancellation);
        }
    }
}
