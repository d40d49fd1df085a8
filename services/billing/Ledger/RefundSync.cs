using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Webhooks;
using Stripe;

namespace Newsletter.Billing.Ledger;

/// <summary>A payment of an invoice says that the invoice has news.</summary>
internal sealed class InvoicePaymentSync : IObjectSync
{
    public async Task SyncAsync(SyncStep step, CancellationToken cancellation)
    {
        var payment = await new InvoicePaymentService(step.Stripe).GetAsync(step.Id, cancellationToken: cancellation);
        if (payment.InvoiceId is { } invoice) step.Raise(StripeKind.Invoice, invoice);
    }
}

/// <summary>A charge that was refunded names its refunds.</summary>
internal sealed class ChargeSync : IObjectSync
{
    public async Task SyncAsync(SyncStep step, CancellationToken cancellation)
    {
        await foreach (var refund in new RefundService(step.Stripe).ListAutoPagingAsync(new() { Charge = step.Id, Limit = 100 }, cancellationToken: cancellation))
        {
            step.Raise(StripeKind.Refund, refund.Id);
        }
    }
}

internal sealed class RefundSync(BillingDb db, PaidInvoices invoices) : IObjectSync
{
    public async Task SyncAsync(SyncStep step, CancellationToken cancellation)
    {
        var refund = await new RefundService(step.Stripe).GetAsync(step.Id, cancellationToken: cancellation);
        if (refund.Status != "succeeded" || await invoices.OfPaymentAsync(step, refund.PaymentIntentId, cancellation) is not { } invoice) return;
        if (await db.MoneyLines.AnyAsync(l => l.AccountId == step.Account.Id && l.ObjectId == refund.Id, cancellation)) return;
        db.Add(MoneyLine.Of(invoice, refund.Id, "refund", MoneyKind.Refund, -refund.Amount, Invoice.Utc(refund.Created)));
    }
}

internal sealed class DisputeSync(BillingDb db, PaidInvoices invoices) : IObjectSync
{
    public async Task SyncAsync(SyncStep step, CancellationToken cancellation)
    {
        var dispute = await new DisputeService(step.Stripe).GetAsync(step.Id, cancellationToken: cancellation);
        // An inquiry ("warning_…") moves no money.
        if (dispute.Status.StartsWith("warning", StringComparison.Ordinal)) return;
        if (await invoices.OfPaymentAsync(step, dispute.PaymentIntentId, cancellation) is not { } invoice) return;
        var booked = await db.MoneyLines.Where(l => l.AccountId == step.Account.Id && l.ObjectId == dispute.Id).Select(l => l.Line).ToListAsync(cancellation);
        var moves = dispute.BalanceTransactions ?? [];
        if (!booked.Contains("withdrawn"))
            db.Add(MoneyLine.Of(invoice, dispute.Id, "withdrawn", MoneyKind.Dispute, -dispute.Amount, Invoice.Utc(moves.FirstOrDefault()?.Created ?? dispute.Created)));
        if (dispute.Status == "won" && !booked.Contains("reinstated"))
            db.Add(MoneyLine.Of(invoice, dispute.Id, "reinstated", MoneyKind.Dispute, dispute.Amount, Invoice.Utc(moves.LastOrDefault()?.Created ?? dispute.Created)));
    }
}

/// <summary>Refunds and disputes name a payment; only Stripe knows the invoice that it paid.</summary>
internal sealed class PaidInvoices(BillingDb db, SyncQueue queue)
{
    /// <summary>Null for money that is not about one of our products.</summary>
    public async Task<Invoice?> OfPaymentAsync(SyncStep step, string? paymentIntent, CancellationToken cancellation)
    {
        if (paymentIntent is null) return null;
        var payments = await new InvoicePaymentService(step.Stripe).ListAsync(
            new() { Payment = new() { Type = "payment_intent", PaymentIntent = paymentIntent }, Limit = 1 }, cancellationToken: cancellation);
        if (payments.Data.FirstOrDefault()?.InvoiceId is not { } id) return null;
        var invoice = await db.Invoices.AsNoTracking().SingleOrDefaultAsync(i => i.AccountId == step.Account.Id && i.StripeId == id, cancellation);
        if (invoice is { PaidAt: not null }) return invoice;
        var brought = await db.StripeObjects.AsNoTracking().SingleOrDefaultAsync(o => o.AccountId == step.Account.Id && o.StripeId == id, cancellation);
        if (invoice is null && brought is { DueAt: null }) return null;
        // The invoice's own event is late or lost; this object waits for it.
        if (brought is not { DueAt: not null }) await queue.RaiseAsync(step.Account.Id, StripeKind.Invoice, id, cancellation);
        throw new NotYetException("The invoice has not been brought over yet.");
    }
}
