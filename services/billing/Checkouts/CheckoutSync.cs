using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Webhooks;
using Stripe.Checkout;

namespace Newsletter.Billing.Checkouts;

internal sealed class CheckoutSync(BillingDb db) : IObjectSync
{
    public async Task SyncAsync(SyncStep step, CancellationToken cancellation)
    {
        var checkout = await db.Checkouts.SingleOrDefaultAsync(c => c.AccountId == step.Account.Id && c.SessionId == step.Id, cancellation);
        if (checkout is null) return; // Not one of ours: the account may sell other things.
        var session = await new SessionService(step.Stripe).GetAsync(step.Id, cancellationToken: cancellation);
        checkout.Take(session);
        // Their own events may be late or lost.
        if (session.SubscriptionId is { } subscription) step.Raise(StripeKind.Subscription, subscription);
        if (session.InvoiceId is { } invoice) step.Raise(StripeKind.Invoice, invoice);
    }
}
