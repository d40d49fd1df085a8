using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Grants;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Webhooks;
using Stripe;

namespace Newsletter.Billing.Subscriptions;

/// <summary>Writes a subscription and its grant as Stripe has them now, and lets a reader have one at a time.</summary>
internal sealed partial class SubscriptionSync(
    BillingDb db, PayingCustomers customers, GrantBook grants, SubscriptionDismissal dismissal, TimeProvider time, ILogger<SubscriptionSync> log) : IObjectSync
{
    public async Task SyncAsync(SyncStep step, CancellationToken cancellation)
    {
        var known = await db.Subscriptions.SingleOrDefaultAsync(s => s.AccountId == step.Account.Id && s.StripeId == step.Id, cancellation);
        if (known is { AwaitsDismissal: true }) await dismissal.EndAsync(step, known, cancellation);
        if (await FetchAsync(step, cancellation) is not { } stripe)
        {
            if (known is null) return;
            known.Vanished(time);
            await SettleAsync(step, known, await db.Customers.SingleAsync(c => c.Id == known.CustomerId, cancellation), cancellation);
            return;
        }

        var (item, tierId, publicationId) = await SoldAsync(step.Account, stripe, cancellation);
        if (known is null && tierId is null) return; // Not a product of ours.
        var owner = known?.PublicationId ?? publicationId!.Value;
        var customer = await customers.FindOrAddAsync(step.Account, stripe.CustomerId, owner, stripe.Metadata, stripe.Customer?.Email, cancellation);
        if (customer is null || known is not null && known.CustomerId != customer.Id)
        {
            Foreign(step.Id);
            return;
        }

        var subscription = known ?? Subscription.Of(customer, stripe.Id, time);
        if (known is null)
        {
            db.Add(subscription);
            // Two at the same moment do not see each other yet; the second look does.
            step.Raise(StripeKind.Subscription, stripe.Id);
        }
        subscription.Take(stripe, item, publicationId == owner ? tierId : null, time);
        if (customer.Erased) subscription.Dismiss(Dismissal.Erased, time);
        if (stripe.LatestInvoiceId is { } invoice && !await db.Invoices.AnyAsync(i => i.AccountId == step.Account.Id && i.StripeId == invoice && i.PaidAt != null, cancellation))
            step.Raise(StripeKind.Invoice, invoice);
        await SettleAsync(step, subscription, customer, cancellation);
    }

    private async Task SettleAsync(SyncStep step, Subscription subscription, Customer customer, CancellationToken cancellation)
    {
        if (subscription.IsLive) await KeepOnlyTheFirstAsync(step, subscription, customer, cancellation);
        if (subscription.AwaitsDismissal) step.Raise(StripeKind.Subscription, subscription.StripeId);
        await grants.FollowAsync(subscription, customer.SubscriberId, cancellation);
        grants.Publish(step.HappenedAt);
    }

    /// <summary>Two checkouts at once, or one by somebody who was not signed in: the first stays, the money of the others goes back.</summary>
    private async Task KeepOnlyTheFirstAsync(SyncStep step, Subscription subscription, Customer customer, CancellationToken cancellation)
    {
        var others = await (
            from other in db.Subscriptions
            join payer in db.Customers on other.CustomerId equals payer.Id
            where other.PublicationId == subscription.PublicationId && other.StripeId != subscription.StripeId && other.Dismissal == Dismissal.None
                && (payer.Id == customer.Id
                    || payer.SubscriberId != null && payer.SubscriberId == customer.SubscriberId
                    || payer.NormalisedEmail != null && payer.NormalisedEmail == customer.NormalisedEmail)
            select other).ToListAsync(cancellation);
        var live = others.Where(o => o.IsLive).Append(subscription).Where(s => s.Dismissal == Dismissal.None)
            .OrderBy(s => s.StartedAt).ThenBy(s => s.Id).ToList();
        foreach (var second in live.Skip(1))
        {
            second.Dismiss(Dismissal.Duplicate, time);
            if (second != subscription) step.Raise(StripeKind.Subscription, second.StripeId);
        }
    }

    /// <summary>The item that is one of our tiers, and whose: known by the product, never by what anybody wrote beside it.</summary>
    private async Task<(SubscriptionItem Item, Guid? TierId, Guid? PublicationId)> SoldAsync(
        PaymentAccount account, Stripe.Subscription stripe, CancellationToken cancellation)
    {
        foreach (var item in stripe.Items.Data)
        {
            var sold = await (
                from product in db.TierProducts
                join tier in db.Tiers on product.TierId equals tier.Id
                where product.AccountId == account.Id && product.ProductId == item.Price.ProductId
                select new { tier.Id, tier.PublicationId }).SingleOrDefaultAsync(cancellation);
            if (sold is not null && StripeAccounts.Serves(account, sold.PublicationId)) return (item, sold.Id, sold.PublicationId);
        }
        return (stripe.Items.Data[0], null, null);
    }

    private static async Task<Stripe.Subscription?> FetchAsync(SyncStep step, CancellationToken cancellation)
    {
        try
        {
            return await new SubscriptionService(step.Stripe).GetAsync(step.Id, new() { Expand = ["customer"] }, cancellationToken: cancellation);
        }
        catch (StripeException e) when (StripeFailure.IsMissing(e))
        {
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Subscription {StripeId} belongs to a customer of another publication; it counts for nothing")]
    private partial void Foreign(string stripeId);
}
