using System.Text.Json.Nodes;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.Invoices;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Subscriptions;

/// <summary>A subscription's way: renewed, unpaid, paid again, ended.</summary>
internal static class SubscriptionCycle
{
    public static bool IsLive(JsonObject subscription) => subscription.Text("status") is not ("canceled" or "incomplete_expired");

    /// <summary>
    /// As though the current period ended this second. A renewal adds a whole period after it, so time that was paid is not lost;
    /// a subscription to be cancelled ends now.
    /// </summary>
    public static JsonObject Advance(Account account, JsonObject subscription)
    {
        if (!IsLive(subscription))
        {
            throw StripeFault.Invalid($"The subscription is {subscription.Text("status")}.");
        }

        var end = Period.End(subscription);
        if (!subscription.Flag("cancel_at_period_end") && !(subscription["cancel_at"] is JsonValue at && (long)at <= end))
        {
            return Renew(account, subscription);
        }

        foreach (var item in subscription.Data("items"))
        {
            item["current_period_start"] = Math.Min(item.Long("current_period_start"), account.Now);
            item["current_period_end"] = account.Now;
        }

        subscription["cancel_at"] = account.Now;
        return End(account, subscription, "cancellation_requested");
    }

    public static JsonObject End(Account account, JsonObject subscription, string reason)
    {
        subscription["status"] = "canceled";
        subscription["ended_at"] = account.Now;
        subscription["canceled_at"] ??= account.Now;
        subscription.Object("cancellation_details")["reason"] ??= reason;
        return account.Told(account.Save(subscription), "customer.subscription.deleted");
    }

    /// <summary>Tries an open invoice again; once nothing is open, the subscription is active.</summary>
    public static bool PayOpen(Account account, JsonObject invoice)
    {
        var customer = account.Find(invoice.Text("customer")!)!;
        var subscription = Of(account, invoice);
        if (!Invoicing.Collect(account, invoice, customer, subscription))
        {
            return false;
        }

        if (subscription?.Text("status") is "past_due" or "incomplete" or "unpaid" && OpenInvoices(account, subscription!).Count == 0)
        {
            subscription!["status"] = "active";
            account.Save(subscription, "customer.subscription.updated");
        }

        return true;
    }

    public static List<JsonObject> OpenInvoices(Account account, JsonObject subscription) =>
        [.. Invoices(account, subscription).Where(invoice => invoice.Text("status") == "open")];

    public static List<JsonObject> Invoices(Account account, JsonObject subscription) =>
        account.Where("invoice", "$.parent.subscription_details.subscription", subscription.Id());

    /// <summary>Charges what is open on the card of the customer's choice.</summary>
    public static void UseCard(Account account, JsonObject subscription, TestCard card, bool payOpen)
    {
        var customer = account.Find(subscription.Text("customer")!)!;
        subscription["default_payment_method"] = PaymentMethods.Attach(account, customer, card).Id();
        account.Save(subscription, "customer.subscription.updated");
        foreach (var invoice in payOpen ? OpenInvoices(account, subscription) : [])
        {
            PayOpen(account, invoice);
        }
    }

    public static void DropSpentDiscount(Account account, JsonObject subscription)
    {
        if (subscription.Texts("discounts").FirstOrDefault() is not { } id || account.Find(id) is not { } discount)
        {
            return;
        }

        var coupon = account.Find(discount.Object("source").Text("coupon")!);
        var over = discount["end"] is JsonValue until && (long)until <= Period.End(subscription);
        if (coupon?.Text("duration") == "once" || over)
        {
            subscription["discounts"] = new JsonArray();
            account.Told(discount, "customer.discount.deleted");
        }
    }

    private static JsonObject Renew(Account account, JsonObject subscription)
    {
        var customer = account.Find(subscription.Text("customer")!)!;
        var anchor = subscription.Long("billing_cycle_anchor");
        foreach (var item in subscription.Data("items"))
        {
            var start = item.Long("current_period_end");
            item["current_period_start"] = start;
            item["current_period_end"] = Period.End(start, item.Object("price"), anchor);
            item["billed_until"] = item.Long("current_period_end");
        }

        if (subscription.Text("status") == "trialing")
        {
            subscription["status"] = "active";
        }

        account.Save(subscription, "customer.subscription.updated");
        var lines = Proration.Pending(account, subscription);
        lines.AddRange(subscription.Data("items").Select(item => InvoiceLine.Of(item, SubscriptionStart.ProductName(account, item))));
        var invoice = Invoicing.Issue(account, customer, subscription, lines, "subscription_cycle");
        Proration.Settle(account, lines, invoice);
        subscription["latest_invoice"] = invoice.Id();
        subscription["status"] = invoice.Text("status") == "paid" ? subscription.Text("status") : "past_due";
        DropSpentDiscount(account, subscription);
        return account.Save(subscription, "customer.subscription.updated");
    }

    private static JsonObject? Of(Account account, JsonObject invoice) =>
        invoice["parent"] is JsonObject parent ? account.Find(parent.Object("subscription_details").Text("subscription")!) : null;
}
