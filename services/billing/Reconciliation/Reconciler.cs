using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Checkouts;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Billing.Webhooks;
using Stripe;

namespace Newsletter.Billing.Reconciliation;

/// <summary>
/// Compares what lives with Stripe, in both directions, and brings over what differs: webhooks get lost, Stripe stops sending them after three days.
/// </summary>
internal sealed class Reconciler(BillingDb db, StripeAccounts accounts, Retention retention, SyncQueue queue, SyncSignal signal, TimeProvider time)
{
    /// <summary>Invoices and ended subscriptions are looked for as long as Stripe keeps events.</summary>
    private static readonly TimeSpan Back = TimeSpan.FromDays(30);

    /// <summary>A checkout younger than this is still being paid.</summary>
    private static readonly TimeSpan OpenCheckout = TimeSpan.FromMinutes(10);

    /// <summary>Answers how many objects are brought over again.</summary>
    public async Task<int> RunAsync(CancellationToken cancellation)
    {
        await retention.DropAsync(cancellation);
        var raised = 0;
        foreach (var account in await db.PaymentAccounts.AsNoTracking().OrderBy(a => a.Id).ToListAsync(cancellation))
        {
            if (accounts.IsReachable(account)) raised += await CompareAsync(account, cancellation);
        }
        if (raised > 0) signal.Raise();
        return raised;
    }

    private async Task<int> CompareAsync(PaymentAccount account, CancellationToken cancellation)
    {
        var client = accounts.ClientOf(account);
        var since = time.GetUtcNow() - Back;
        HashSet<(StripeKind, string)> different = [];

        var ours = await db.Subscriptions.AsNoTracking().Where(s => s.AccountId == account.Id).ToDictionaryAsync(s => s.StripeId, cancellation);
        var products = (await db.TierProducts.Where(p => p.AccountId == account.Id).Select(p => p.ProductId).ToListAsync(cancellation)).ToHashSet();
        var seen = new HashSet<string>();
        await foreach (var theirs in new SubscriptionService(client).ListAutoPagingAsync(new() { Limit = 100 }, cancellationToken: cancellation))
        {
            seen.Add(theirs.Id);
            if (ours.TryGetValue(theirs.Id, out var known) ? Differs(known, theirs) : theirs.Items.Data.Any(i => products.Contains(i.Price.ProductId)))
                different.Add((StripeKind.Subscription, theirs.Id));
        }
        foreach (var gone in ours.Values.Where(s => (s.IsLive || s.AwaitsDismissal) && !seen.Contains(s.StripeId))) different.Add((StripeKind.Subscription, gone.StripeId));

        var paid = (await db.Invoices.Where(i => i.AccountId == account.Id && i.PaidAt != null).Select(i => i.StripeId).ToListAsync(cancellation)).ToHashSet();
        await foreach (var invoice in new InvoiceService(client).ListAutoPagingAsync(
            new() { Limit = 100, Status = "paid", Created = new DateRangeOptions { GreaterThanOrEqual = since.UtcDateTime } }, cancellationToken: cancellation))
        {
            if (!paid.Contains(invoice.Id) && invoice.Lines.Data.Any(l => l.Pricing?.PriceDetails?.Product is { } product && products.Contains(product)))
                different.Add((StripeKind.Invoice, invoice.Id));
        }

        var before = time.GetUtcNow() - OpenCheckout;
        var open = await db.Checkouts.AsNoTracking()
            .Where(c => c.AccountId == account.Id && c.State == CheckoutState.Open && c.CreatedAt < before && c.CreatedAt > since)
            .Select(c => c.SessionId).ToListAsync(cancellation);
        different.UnionWith(open.Select(id => (StripeKind.CheckoutSession, id)));

        foreach (var (kind, id) in different) await queue.RaiseAsync(account.Id, kind, id, cancellation);
        return different.Count;
    }

    private static bool Differs(Billing.Subscriptions.Subscription ours, Stripe.Subscription theirs)
    {
        var item = theirs.Items.Data[0];
        return ours.AwaitsDismissal
            || ours.Status != Billing.Subscriptions.Subscription.StatusOf(theirs.Status)
            || ours.PeriodEnd.UtcDateTime != item.CurrentPeriodEnd
            || ours.Renews != (theirs.CancelAt is null && !theirs.CancelAtPeriodEnd && theirs.EndedAt is null);
    }
}
