using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Billing.Webhooks;
using Newsletter.Contracts;
using Stripe;

namespace Newsletter.Billing.Ledger;

/// <summary>A paid invoice becomes money lines and a receipt, a failed one a mail; each once, however often it is brought over.</summary>
internal sealed class InvoiceSync(BillingDb db, PayingCustomers customers, SyncQueue queue, TimeProvider time) : IObjectSync
{
    public async Task SyncAsync(SyncStep step, CancellationToken cancellation)
    {
        var stripe = await new InvoiceService(step.Stripe).GetAsync(step.Id, cancellationToken: cancellation);
        var sold = await LinesAsync(step, stripe, cancellation);
        if (sold.Count == 0) return; // Not about one of our products.
        var tier = sold[0].Tier;
        var customer = await db.Customers.SingleOrDefaultAsync(c => c.AccountId == step.Account.Id && c.StripeId == stripe.CustomerId, cancellation);
        if (customer is null)
        {
            // Who it is, the subscription finds out.
            if (stripe.Parent?.SubscriptionDetails?.SubscriptionId is not { } subscription) return;
            await queue.RaiseAsync(step.Account.Id, StripeKind.Subscription, subscription, cancellation);
            throw new NotYetException("The subscription has not been brought over yet.");
        }
        if (customer.PublicationId != tier.PublicationId) return;
        customer.Touch(time);

        var invoice = await db.Invoices.SingleOrDefaultAsync(i => i.AccountId == step.Account.Id && i.StripeId == step.Id, cancellation);
        if (invoice is null) db.Add(invoice = Invoice.Of(customer, step.Id, time));
        invoice.Take(stripe);
        if (invoice.PaidAt is { } paidAt) await BookAsync(invoice, stripe, sold, paidAt, cancellation);

        if (invoice.TakeReceipt())
        {
            var period = sold[0].Line.Period;
            await MailAsync(customer, TransactionalTemplate.Receipt, new()
            {
                ["amount"] = Money.Format(invoice.AmountPaid, invoice.Currency),
                ["tier"] = tier.Name,
                ["period"] = $"{Day(period.Start)} – {Day(period.End)}",
                ["number"] = invoice.Number ?? "",
            }, stripe.HostedInvoiceUrl, cancellation);
        }
        // At the first payment the reader still sits before Stripe's page, which says what is wrong with the card.
        if (stripe.BillingReason != "subscription_create" && invoice.TakeFailure())
            await MailAsync(customer, TransactionalTemplate.PaymentFailed, [], null, cancellation);
    }

    private async Task BookAsync(
        Invoice invoice, Stripe.Invoice stripe, List<(InvoiceLineItem Line, Tiers.Tier Tier)> sold, DateTimeOffset paidAt, CancellationToken cancellation)
    {
        var booked = (await db.MoneyLines.Where(l => l.AccountId == invoice.AccountId && l.ObjectId == stripe.Id).Select(l => l.Line).ToListAsync(cancellation)).ToHashSet();
        foreach (var (line, tier) in sold)
        {
            var net = line.Amount - (line.DiscountAmounts?.Sum(d => d.Amount) ?? 0);
            if (booked.Add(line.Id)) db.Add(MoneyLine.Of(invoice, stripe.Id, line.Id, MoneyKind.Payment, net, paidAt, tier.Id));
            var tax = line.Taxes?.Where(t => t.TaxBehavior == "exclusive").Sum(t => t.Amount) ?? 0;
            if (tax != 0 && booked.Add($"{line.Id}:tax")) db.Add(MoneyLine.Of(invoice, stripe.Id, $"{line.Id}:tax", MoneyKind.Tax, tax, paidAt, tier.Id));
        }
    }

    private async Task MailAsync(Subscriptions.Customer customer, TransactionalTemplate template, Dictionary<string, string> values, string? link, CancellationToken cancellation)
    {
        if (await customers.MailboxAsync(customer, cancellation) is not var (email, name)) return;
        var publication = await db.FindPublicationAsync(customer.PublicationId, cancellation)
            ?? throw new NotYetException("The publication is not known here yet.");
        values["link"] = link ?? $"{publication.BaseUrl}/billing";
        db.Publish(new SendTransactionalMail
        {
            MailId = Guid.CreateVersion7(time.GetUtcNow()),
            PublicationId = customer.PublicationId,
            SubscriberId = customer.SubscriberId,
            To = email,
            ToName = name,
            Template = template,
            Values = values,
            ExpiresAt = time.GetUtcNow().AddDays(7),
        });
    }

    /// <summary>The lines about products of ours, all of one publication.</summary>
    private async Task<List<(InvoiceLineItem Line, Tiers.Tier Tier)>> LinesAsync(SyncStep step, Stripe.Invoice stripe, CancellationToken cancellation)
    {
        var lines = stripe.Lines.Data;
        if (stripe.Lines.HasMore)
        {
            lines = [];
            await foreach (var line in new InvoiceLineItemService(step.Stripe).ListAutoPagingAsync(stripe.Id, new() { Limit = 100 }, cancellationToken: cancellation)) lines.Add(line);
        }
        var products = lines.Select(l => l.Pricing?.PriceDetails?.Product).OfType<string>().Distinct().ToList();
        var tiers = await (
            from product in db.TierProducts
            join tier in db.Tiers on product.TierId equals tier.Id
            where product.AccountId == step.Account.Id && products.Contains(product.ProductId)
            select new { product.ProductId, Tier = tier }).ToDictionaryAsync(p => p.ProductId, p => p.Tier, cancellation);
        var sold = lines
            .Where(l => l.Pricing?.PriceDetails?.Product is { } product && tiers.TryGetValue(product, out var tier) && StripeAccounts.Serves(step.Account, tier.PublicationId))
            .Select(l => (Line: l, Tier: tiers[l.Pricing.PriceDetails.Product])).ToList();
        return [.. sold.Where(s => s.Tier.PublicationId == sold[0].Tier.PublicationId)];
    }

    private static string Day(DateTime t) => t.ToString("d MMMM yyyy", CultureInfo.InvariantCulture);
}
