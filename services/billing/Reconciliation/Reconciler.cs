using System.Net;
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
internal sealed partial class Reconciler(
    BillingDb db, StripeAccounts accounts, Retention retention, SyncQueue queue, SyncSignal signal, TimeProvider time, ILogger<Reconciler> log)
{
    /// <summary>Invoices and ended subscriptions are looked for as long as Stripe keeps events.</summary>
    private static readonly TimeSpan Back = TimeSpan.FromDays(30);

    /// <summary>A checkout younger than this is still being paid.</summary>
    private static readonly TimeSpan OpenCheckout = TimeSpan.FromMinutes(10);

    /// <summary>Stripe refuses one account for reasons of its own, such as a revoked key: the others are compared all the same. Stripe away ends the run.</summary>
    public async Task<ReconcileAnswer> RunAsync(CancellationToken cancellation)
    {
        await retention.DropAsync(cancellation);
        var (raised, refused) = (0, 0);
        foreach (var account in await db.PaymentAccounts.AsNoTracking().OrderBy(a => a.Id).ToListAsync(cancellation))
        {
            if (!accounts.IsReachable(account)) continue;
            try
            {
                raised += await CompareAsync(account, cancellation);
            }
            catch (StripeException e)
            {
                refused++;
                Refused(account.Id, e.StripeError?.Type, e.HttpStatusCode);
            }
        }
        if (raised > 0) signal.Raise();
        return new(raised, refused);
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

    [LoggerMessage(Level = LogLevel.Warning, Message = "Stripe refused to compare payment account {AccountId} ({Error}, {Status}); it is tried again at the next comparison")]
    private partial void Refused(Guid accountId, string? error, HttpStatusCode status);
}
