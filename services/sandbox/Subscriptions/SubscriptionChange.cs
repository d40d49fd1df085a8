using System.Text.Json.Nodes;
using Newsletter.Sandbox.Invoices;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Subscriptions;

/// <summary>Another price or quantity in the middle of a period.</summary>
internal static class SubscriptionChange
{
    /// <summary>
    /// Within the same interval the period stays and the difference waits for the next invoice (or is invoiced now, on
    /// <c>always_invoice</c>). Another interval starts a new period now, and is always invoiced now.
    /// </summary>
    public static void Apply(
        Account account, JsonObject subscription, IReadOnlyList<(JsonObject Item, JsonObject Price, long Quantity)> changes, string proration)
    {
        var prorates = proration != "none" && subscription.Text("status") is "active" or "past_due";
        var restart = false;
        foreach (var (item, price, quantity) in changes)
        {
            var otherInterval = !SameInterval(item.Object("price"), price);
            if (prorates)
            {
                Proration.Add(account, subscription, item, SubscriptionStart.ProductName(account, item), credit: true);
            }

            item["price"] = price.Public();
            item["plan"] = SubscriptionStart.Plan(price);
            item["quantity"] = quantity;
            if (otherInterval && subscription.Text("status") != "trialing")
            {
                restart = true;
                item["current_period_start"] = account.Now;
                item["current_period_end"] = Period.End(account.Now, price, account.Now);
                item["billed_until"] = item.Long("current_period_end");
            }
            else if (prorates)
            {
                Proration.Add(account, subscription, item, SubscriptionStart.ProductName(account, item), credit: false);
            }
        }

        if (restart)
        {
            subscription["billing_cycle_anchor"] = account.Now;
        }

        if (restart || (prorates && proration == "always_invoice"))
        {
            Invoice(account, subscription, restart);
        }
    }

    private static void Invoice(Account account, JsonObject subscription, bool wholePeriod)
    {
        var customer = account.Find(subscription.Text("customer")!)!;
        var lines = Proration.Pending(account, subscription);
        if (wholePeriod)
        {
            lines.AddRange(subscription.Data("items").Select(item => InvoiceLine.Of(item, SubscriptionStart.ProductName(account, item))));
        }

        var invoice = Invoicing.Issue(account, customer, subscription, lines, "subscription_update");
        Proration.Settle(account, lines, invoice);
        subscription["latest_invoice"] = invoice.Id();
        if (invoice.Text("status") != "paid")
        {
            subscription["status"] = "past_due";
        }
    }

    private static bool SameInterval(JsonObject one, JsonObject other) =>
        one.Object("recurring").Text("interval") == other.Object("recurring").Text("interval")
        && one.Object("recurring").Long("interval_count") == other.Object("recurring").Long("interval_count");
}
