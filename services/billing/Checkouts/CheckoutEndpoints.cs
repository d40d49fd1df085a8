using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Pages;
using Newsletter.Billing.Readers;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Tiers;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;
using Newsletter.Defaults.Problems;

namespace Newsletter.Billing.Checkouts;

internal static class CheckoutEndpoints
{
    public static void MapCheckoutPages(this RouteGroupBuilder pages)
    {
        pages.MapGet("/plans", Plans).ForAnyone();
        pages.MapPost("/checkout", Begin).ForAnyone().FromSameOrigin().DisableAntiforgery();
        pages.MapGet("/checkout", Show).ForAnyone().OpenWhileSuspended();
    }

    public static void MapCheckoutApi(this RouteGroupBuilder api) => api.MapPost("/checkout", BeginByApi).ForReaders();

    private static async Task<IResult> Plans(
        CurrentPublication publication, Caller? caller, BillingDb db, CheckoutDesk desk, SitePages sites, HttpResponse response, CancellationToken cancellation)
    {
        // Anonymous visitors all get the same page.
        response.Headers.CacheControl = caller is null ? "public, max-age=0, s-maxage=30" : "private, no-store";
        return await PlansAsync(publication, caller, new(), null, StatusCodes.Status200OK, db, desk, sites, cancellation);
    }

    private static async Task<IResult> PlansAsync(
        CurrentPublication publication, Caller? caller, CheckoutForm form, string? error, int status, BillingDb db, CheckoutDesk desk, SitePages sites, CancellationToken cancellation)
    {
        var tiers = await TiersOnSale(publication, db).ToListAsync(cancellation);
        var reader = caller is { Role: Role.Reader } ? caller : null;
        var subscription = reader is null ? null : await desk.LiveOfAsync(publication.Id, reader.Subject, cancellation);
        var current = subscription?.TierId is { } id ? await db.Tiers.Where(t => t.Id == id).Select(t => t.Slug).SingleOrDefaultAsync(cancellation) : null;
        var page = await sites.OfAsync(publication, reader, cancellation);
        return new RazorComponentResult<PlansPage>(new { Page = page, Tiers = tiers.ConvertAll(TierView.Of), Current = current, form.Email, form.Interval, Error = error }) { StatusCode = status };
    }

    private static async Task<IResult> Begin(
        CurrentPublication publication, Caller? caller, [FromForm] CheckoutForm form, BillingDb db, CheckoutDesk desk, SitePages sites, HttpResponse response, CancellationToken cancellation)
    {
        response.Headers.CacheControl = "private, no-store";
        var reader = caller is { Role: Role.Reader } ? caller : null;
        if (caller is not null && reader is null) return Problem.Forbidden("This is for readers.");
        var (tier, interval) = await ChosenAsync(publication, form.Tier, form.Interval, db, cancellation);
        if (tier is null || interval is null)
            return await PlansAsync(publication, caller, form, "Please choose a plan and how to pay for it.", StatusCodes.Status400BadRequest, db, desk, sites, cancellation);
        if (reader is null && !EmailAddress.IsValid(form.Email))
            return await PlansAsync(publication, caller, form, CheckoutForm.EmailError, StatusCodes.Status400BadRequest, db, desk, sites, cancellation);
        if (reader is not null && await desk.LiveOfAsync(publication.Id, reader.Subject, cancellation) is not null)
            return SeeOther(response, $"{publication.BaseUrl}/billing");
        try
        {
            var payer = reader is null ? new Payer(null, form.Email!.Trim()) : await PayerAsync(publication, reader, db, cancellation);
            return SeeOther(response, await desk.BeginAsync(publication, tier, interval.Value, payer, cancellation));
        }
        catch (Exception e) when (StripeFailure.IsFailure(e, cancellation))
        {
            return await ProviderAwayAsync(publication, reader, e, sites, cancellation);
        }
    }

    private static async Task<IResult> BeginByApi(
        CurrentPublication publication, Caller caller, CheckoutRequest request, BillingDb db, CheckoutDesk desk, CancellationToken cancellation)
    {
        var (tier, interval) = await ChosenAsync(publication, request.Tier, request.Interval, db, cancellation);
        if (tier is null) return Problem.Field("tier", "There is no such tier on sale.");
        if (interval is null) return Problem.Field("interval", "This tier is not sold so; say month or year.");
        if (await desk.LiveOfAsync(publication.Id, caller.Subject, cancellation) is not null)
            return Problem.Conflict("There is a running subscription; it is changed in the billing portal.");
        try
        {
            var payer = await PayerAsync(publication, caller, db, cancellation);
            return TypedResults.Ok(new CheckoutAnswer(await desk.BeginAsync(publication, tier, interval.Value, payer, cancellation)));
        }
        catch (Exception e) when (StripeFailure.IsFailure(e, cancellation))
        {
            return StripeFailure.ToProblem(e);
        }
    }

    private static async Task<IResult> Show(
        CurrentPublication publication, Caller? caller, [FromQuery(Name = "session_id")] string? sessionId, BillingDb db, SitePages sites, HttpResponse response, CancellationToken cancellation)
    {
        response.Headers.CacheControl = "private, no-store";
        response.Headers["Referrer-Policy"] = "no-referrer";
        var reader = caller is { Role: Role.Reader } ? caller : null;
        var page = await sites.OfAsync(publication, reader, cancellation);
        var checkout = await db.Checkouts.AsNoTracking().SingleOrDefaultAsync(c => c.PublicationId == publication.Id && c.SessionId == sessionId, cancellation);
        if (checkout is null)
        {
            return new RazorComponentResult<ProblemPage>(new { page.Site, page.Viewer, Status = 404, Title = "We do not know this checkout", Detail = "If you paid, your receipt is in your mailbox." })
            { StatusCode = StatusCodes.Status404NotFound };
        }
        var tied = await (
            from subscription in db.Subscriptions
            join customer in db.Customers on subscription.CustomerId equals customer.Id
            where subscription.AccountId == checkout.AccountId && subscription.StripeId == checkout.SubscriptionId && customer.SubscriberId != null
            select subscription.Id).AnyAsync(cancellation);
        var outcome = checkout switch
        {
            { State: CheckoutState.Expired } => CheckoutOutcome.Expired,
            { State: CheckoutState.Open } => CheckoutOutcome.Pending,
            { SubscriberId: null } when !tied => CheckoutOutcome.Unconfirmed,
            _ => tied ? CheckoutOutcome.Done : CheckoutOutcome.Pending,
        };
        if (outcome == CheckoutOutcome.Pending) response.Headers["Refresh"] = "3";
        return new RazorComponentResult<CheckoutPage>(new { Page = page, Outcome = outcome });
    }

    internal static IQueryable<Tier> TiersOnSale(CurrentPublication publication, BillingDb db) =>
        db.Tiers.AsNoTracking().Where(t => t.PublicationId == publication.Id && t.Active).OrderBy(t => t.Id);

    /// <summary>Also for the portal: the page of a provider that is away, or that refused.</summary>
    internal static async Task<IResult> ProviderAwayAsync(CurrentPublication publication, Caller? reader, Exception e, SitePages sites, CancellationToken cancellation)
    {
        var page = await sites.OfAsync(publication, reader, cancellation);
        var status = StripeFailure.StatusOf(e);
        return new RazorComponentResult<ProblemPage>(new { page.Site, page.Viewer, Status = status, Title = "Payments are not possible right now", Detail = StripeFailure.DetailOf(e) })
        { StatusCode = status };
    }

    /// <summary>303: the browser follows with a GET.</summary>
    internal static IResult SeeOther(HttpResponse response, string url)
    {
        response.Headers.Location = url;
        return TypedResults.StatusCode(StatusCodes.Status303SeeOther);
    }

    private static async Task<(Tier? Tier, BillingInterval? Interval)> ChosenAsync(
        CurrentPublication publication, string? slug, string? interval, BillingDb db, CancellationToken cancellation)
    {
        var tier = await TiersOnSale(publication, db).SingleOrDefaultAsync(t => t.Slug == slug, cancellation);
        BillingInterval? chosen = interval switch { "month" => BillingInterval.Month, "year" => BillingInterval.Year, _ => null };
        return (tier, chosen is { } i && tier?.PriceOf(i) is not null ? chosen : null);
    }

    private static async Task<Payer> PayerAsync(CurrentPublication publication, Caller reader, BillingDb db, CancellationToken cancellation)
    {
        var copy = await db.Readers.AsNoTracking().SingleOrDefaultAsync(r => r.Id == reader.Subject && r.PublicationId == publication.Id && !r.Deleted, cancellation);
        return new(reader.Subject, copy?.Email);
    }
}

internal sealed class CheckoutForm
{
    public const string EmailError = "Please check the e-mail address.";

    public string? Tier { get; set; }
    public string? Interval { get; set; }
    public string? Email { get; set; }
}

public sealed record CheckoutRequest([property: Required, StringLength(60)] string Tier, [property: Required, StringLength(10)] string Interval);

public sealed record CheckoutAnswer(string Url);

public enum CheckoutOutcome { Pending, Done, Unconfirmed, Expired }
