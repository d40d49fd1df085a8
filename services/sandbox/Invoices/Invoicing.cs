using System.Text.Json.Nodes;
using Newsletter.Sandbox.Catalog;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.Payments;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Invoices;

/// <summary>Issues invoices and collects them. The sandbox finalises at once, where Stripe leaves a renewal as a draft for an hour.</summary>
internal static class Invoicing
{
    public static JsonObject Issue(
        Account account, JsonObject customer, JsonObject? subscription, IReadOnlyList<InvoiceLine> lines, string reason, bool inCheckout = false)
    {
        var invoice = Draft(account, customer, subscription, lines, reason);
        customer["next_invoice_sequence"] = customer.Long("next_invoice_sequence") + 1;
        customer["balance"] = invoice.Long("ending_balance");
        customer["currency"] ??= invoice.Text("currency");
        account.Save(customer, "customer.updated");
        account.Add(invoice, "invoice.created");
        account.Told(invoice, "invoice.finalized");
        Collect(account, invoice, customer, subscription, inCheckout);
        return invoice;
    }

    /// <summary>Charges what is due; on failure the invoice stays open. True if it is paid.</summary>
    public static bool Collect(Account account, JsonObject invoice, JsonObject customer, JsonObject? subscription, bool inCheckout = false)
    {
        var due = invoice.Long("amount_remaining");
        var paid = due == 0;
        JsonObject? payment = null;
        if (!paid)
        {
            var order = new ChargeOrder(
                customer, PaymentMethods.Of(account, customer, subscription), due, invoice.Text("currency")!,
                subscription is null ? $"Invoice {invoice.Text("number")}" : $"Subscription: {invoice.Text("number")}", []);
            payment = account.Where("invoice_payment", "$.invoice", invoice.Id()).SingleOrDefault(open => open.Text("status") == "open");
            var intent = payment is null ? CardPayment.Intend(account, order) : account.Find(payment.Object("payment").Text("payment_intent")!)!;
            payment ??= account.Add(Payment(account, invoice, intent.Id(), due));
            paid = CardPayment.Attempt(account, intent, order, inCheckout);
            invoice["attempted"] = true;
            invoice["attempt_count"] = invoice.Long("attempt_count") + 1;
        }

        if (!paid)
        {
            invoice["next_payment_attempt"] = account.Now + (3 * 86_400);
            account.Told(account.Save(invoice), "invoice.payment_failed");
            return false;
        }

        invoice["status"] = "paid";
        invoice["auto_advance"] = false;
        invoice["next_payment_attempt"] = null;
        invoice["amount_paid"] = due;
        invoice["amount_remaining"] = 0;
        invoice.Object("status_transitions")["paid_at"] = account.Now;
        account.Save(invoice);
        if (payment is not null)
        {
            payment["status"] = "paid";
            payment["amount_paid"] = due;
            payment.Object("status_transitions")["paid_at"] = account.Now;
            account.Told(account.Save(payment), "invoice_payment.paid");
        }

        account.Told(invoice, "invoice.paid");
        account.Told(invoice, "invoice.payment_succeeded");
        return true;
    }

    private static JsonObject Draft(
        Account account, JsonObject customer, JsonObject? subscription, IReadOnlyList<InvoiceLine> lines, string reason)
    {
        var id = Account.NewId("in");
        var (discountId, off) = Discount(account, subscription, lines);
        var subtotal = lines.Sum(line => line.Amount);
        var total = subtotal - off.Sum();
        var balance = customer.Long("balance");
        // A negative balance is credit: it pays first, and a negative total adds to it.
        var due = Math.Max(0, total + balance);
        var number = Account.Number(customer.Text("invoice_prefix")!, customer.Long("next_invoice_sequence"));
        return new()
        {
            ["id"] = id,
            ["object"] = "invoice",
            ["account_country"] = "US",
            ["account_name"] = "Sandbox",
            ["amount_due"] = due,
            ["amount_overpaid"] = 0,
            ["amount_paid"] = 0,
            ["amount_remaining"] = due,
            ["amount_shipping"] = 0,
            ["application"] = null,
            ["attempt_count"] = 0,
            ["attempted"] = false,
            ["auto_advance"] = true,
            ["automatic_tax"] = new JsonObject { ["enabled"] = false, ["liability"] = null, ["status"] = null },
            ["billing_reason"] = reason,
            ["collection_method"] = "charge_automatically",
            ["created"] = account.Now,
            ["currency"] = lines[0].Price.Text("currency"),
            ["customer"] = customer.Id(),
            ["customer_address"] = customer["address"]?.DeepClone(),
            ["customer_email"] = customer.Text("email"),
            ["customer_name"] = customer.Text("name"),
            ["customer_tax_exempt"] = "none",
            ["default_payment_method"] = null,
            ["default_tax_rates"] = new JsonArray(),
            ["description"] = null,
            ["discounts"] = off.Sum() == 0 ? [] : new JsonArray(discountId),
            ["due_date"] = null,
            ["effective_at"] = account.Now,
            ["ending_balance"] = Math.Min(0, total + balance),
            ["hosted_invoice_url"] = account.Link($"/sandbox/invoices/{id}"),
            ["invoice_pdf"] = null,
            ["lines"] = Json.List($"/v1/invoices/{id}/lines", lines.Select((line, i) => line.ToJson(id, subscription, off[i], discountId))),
            ["livemode"] = false,
            ["metadata"] = new JsonObject(),
            ["next_payment_attempt"] = null,
            ["number"] = number,
            ["parent"] = subscription is null ? null : new JsonObject
            {
                ["quote_details"] = null,
                ["subscription_details"] = new JsonObject { ["metadata"] = subscription["metadata"]!.DeepClone(), ["subscription"] = subscription.Id() },
                ["type"] = "subscription_details",
            },
            ["period_end"] = account.Now,
            ["period_start"] = lines.Min(line => Math.Min(line.From, account.Now)),
            ["post_payment_credit_notes_amount"] = 0,
            ["pre_payment_credit_notes_amount"] = 0,
            ["receipt_number"] = null,
            ["starting_balance"] = balance,
            ["status"] = "open",
            ["status_transitions"] = new JsonObject
            {
                ["finalized_at"] = account.Now,
                ["marked_uncollectible_at"] = null,
                ["paid_at"] = null,
                ["voided_at"] = null,
            },
            ["subtotal"] = subtotal,
            ["subtotal_excluding_tax"] = subtotal,
            ["total"] = total,
            ["total_discount_amounts"] = off.Sum() == 0 ? [] : new JsonArray(new JsonObject { ["amount"] = off.Sum(), ["discount"] = discountId }),
            ["total_excluding_tax"] = total,
            ["total_taxes"] = new JsonArray(),
        };
    }

    /// <summary>What the subscription's discount takes off each line.</summary>
    private static (string? Id, long[] Off) Discount(Account account, JsonObject? subscription, IReadOnlyList<InvoiceLine> lines)
    {
        var off = new long[lines.Count];
        if (subscription?.Texts("discounts").FirstOrDefault() is not { } id
            || account.Find(id) is not { } discount
            || account.Find(discount.Object("source").Text("coupon")!) is not { } coupon)
        {
            return (null, off);
        }

        var left = Coupons.Off(coupon, lines.Where(line => line.InvoiceItem is null).Sum(line => line.Amount));
        for (var i = 0; i < off.Length; i++)
        {
            off[i] = lines[i].InvoiceItem is null ? Math.Min(left, Coupons.Off(coupon, lines[i].Amount)) : 0;
            left -= off[i];
        }

        return (id, off);
    }

    private static JsonObject Payment(Account account, JsonObject invoice, string intent, long amount) => new()
    {
        ["id"] = Account.NewId("inpay"),
        ["object"] = "invoice_payment",
        ["amount_paid"] = null,
        ["amount_requested"] = amount,
        ["created"] = account.Now,
        ["currency"] = invoice.Text("currency"),
        ["invoice"] = invoice.Id(),
        ["is_default"] = true,
        ["livemode"] = false,
        ["payment"] = new JsonObject { ["payment_intent"] = intent, ["type"] = "payment_intent" },
        ["status"] = "open",
        ["status_transitions"] = new JsonObject { ["canceled_at"] = null, ["paid_at"] = null },
    };
}
