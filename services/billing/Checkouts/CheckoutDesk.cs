using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Billing.Tiers;
using Newsletter.Defaults.Identity;
using Stripe;
using Stripe.Checkout;

namespace Newsletter.Billing.Checkouts;

/// <summary>Sends people to Stripe: to pay, and to its portal.</summary>
internal sealed class CheckoutDesk(BillingDb db, StripeAccounts accounts, TierCatalog catalog, TimeProvider time)
{
    /// <summary>The page to pay at. Throws what Stripe throws; then nothing is kept.</summary>
    public async Task<string> BeginAsync(CurrentPublication publication, Tier tier, BillingInterval interval, Payer payer, CancellationToken cancellation)
    {
        var account = await accounts.OfPublicationAsync(publication.Id, cancellation);
        var price = await catalog.PriceAsync(account, tier, interval, cancellation);
        var customer = payer.SubscriberId is { } reader ? await CustomerOfAsync(account.Id, publication.Id, reader, cancellation) : null;
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var metadata = new Dictionary<string, string> { ["publication"] = publication.Id.ToString(), ["checkout"] = id.ToString() };
        if (payer.SubscriberId is { } subscriber) metadata["subscriber"] = subscriber.ToString();
        var session = await new SessionService(accounts.ClientOf(account)).CreateAsync(
            new SessionCreateOptions
            {
                Mode = "subscription",
                LineItems = [new() { Price = price, Quantity = 1 }],
                Customer = customer?.StripeId,
                CustomerEmail = customer is null ? payer.Email : null,
                ClientReferenceId = id.ToString(),
                Metadata = metadata,
                SubscriptionData = new() { Metadata = metadata },
                SuccessUrl = $"{publication.BaseUrl}/checkout?session_id={{CHECKOUT_SESSION_ID}}",
                CancelUrl = $"{publication.BaseUrl}/plans",
            },
            new RequestOptions { IdempotencyKey = $"checkout-{id:N}" },
            cancellation);
        db.Add(Checkout.Begun(id, publication.Id, account.Id, session.Id, tier, interval, payer, time.GetUtcNow()));
        await db.SaveChangesAsync(cancellation);
        return session.Url;
    }

    /// <summary>Stripe's own pages for cards, invoices and leaving; null for somebody who never paid.</summary>
    public async Task<string?> PortalAsync(CurrentPublication publication, Guid reader, string? configuration, CancellationToken cancellation)
    {
        var live = await LiveOfAsync(publication.Id, reader, cancellation);
        var customer = live is not null
            ? await db.Customers.AsNoTracking().SingleAsync(c => c.Id == live.CustomerId, cancellation)
            : await db.Customers.AsNoTracking().Where(c => c.PublicationId == publication.Id && c.SubscriberId == reader)
                .OrderByDescending(c => c.Id).FirstOrDefaultAsync(cancellation);
        if (customer is null || await accounts.FindAsync(customer.AccountId, cancellation) is not { } account || !accounts.IsReachable(account)) return null;
        var session = await new Stripe.BillingPortal.SessionService(accounts.ClientOf(account)).CreateAsync(
            new() { Customer = customer.StripeId, ReturnUrl = $"{publication.BaseUrl}/billing", Configuration = configuration },
            cancellationToken: cancellation);
        return session.Url;
    }

    /// <summary>The one that a reader may have at a time.</summary>
    public Task<Billing.Subscriptions.Subscription?> LiveOfAsync(Guid publicationId, Guid reader, CancellationToken cancellation) =>
        (from subscription in db.Subscriptions.AsNoTracking()
         join payer in db.Customers on subscription.CustomerId equals payer.Id
         where payer.PublicationId == publicationId && payer.SubscriberId == reader && subscription.Dismissal == Dismissal.None && LiveStates.Contains(subscription.Status)
         orderby subscription.StartedAt
         select subscription).FirstOrDefaultAsync(cancellation);

    private static readonly SubscriptionStatus[] LiveStates =
        [SubscriptionStatus.Trialing, SubscriptionStatus.Active, SubscriptionStatus.PastDue, SubscriptionStatus.Paused, SubscriptionStatus.Unpaid];

    private Task<Billing.Subscriptions.Customer?> CustomerOfAsync(Guid accountId, Guid publicationId, Guid reader, CancellationToken cancellation) =>
        db.Customers.AsNoTracking().Where(c => c.AccountId == accountId && c.PublicationId == publicationId && c.SubscriberId == reader)
            .OrderByDescending(c => c.Id).FirstOrDefaultAsync(cancellation);
}
