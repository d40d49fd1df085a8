using Newsletter.Billing.Accounts;
using Newsletter.Billing.Webhooks;
using Stripe;

namespace Newsletter.Billing.Subscriptions;

/// <summary>Ends a subscription at Stripe. Every call may have been made before by a worker that was killed.</summary>
internal sealed class SubscriptionDismissal(TimeProvider time)
{
    public async Task EndAsync(SyncStep step, Subscription subscription, CancellationToken cancellation)
    {
        await CancelAsync(step, subscription, cancellation);
        if (subscription.Dismissal == Dismissal.Duplicate) await RefundAsync(step, subscription, cancellation);
        subscription.Dismissed(time);
    }

    private static async Task CancelAsync(SyncStep step, Subscription subscription, CancellationToken cancellation)
    {
        try
        {
            var subscriptions = new SubscriptionService(step.Stripe);
            var current = await subscriptions.GetAsync(subscription.StripeId, cancellationToken: cancellation);
            if (current.Status is "canceled" or "incomplete_expired") return;
            await subscriptions.CancelAsync(
                subscription.StripeId, new() { InvoiceNow = false, Prorate = false },
                new RequestOptions { IdempotencyKey = $"end-{subscription.StripeId}" }, cancellation);
        }
        catch (StripeException e) when (StripeFailure.IsMissing(e))
        {
            // Gone already, which is what we want.
        }
    }

    private static async Task RefundAsync(SyncStep step, Subscription subscription, CancellationToken cancellation)
    {
        var invoices = new InvoiceService(step.Stripe);
        var payments = new InvoicePaymentService(step.Stripe);
        var refunds = new RefundService(step.Stripe);
        await foreach (var invoice in invoices.ListAutoPagingAsync(new() { Subscription = subscription.StripeId, Status = "paid", Limit = 100 }, cancellationToken: cancellation))
        {
            await foreach (var payment in payments.ListAutoPagingAsync(new() { Invoice = invoice.Id, Status = "paid", Limit = 100 }, cancellationToken: cancellation))
            {
                if (payment.Payment?.PaymentIntentId is not { } intent) continue;
                try
                {
                    var refund = await refunds.CreateAsync(
                        new() { PaymentIntent = intent, Reason = "duplicate" }, new RequestOptions { IdempotencyKey = $"refund-{intent}" }, cancellation);
                    step.Raise(StripeKind.Refund, refund.Id);
                }
                catch (StripeException e) when (e.StripeError?.Code == "charge_already_refunded")
                {
                    // By the publisher's hand, or by us before the idempotency key was forgotten.
                }
            }
        }
    }
}
