using System.Globalization;
using System.Text.Json.Nodes;
using Newsletter.Sandbox.Catalog;
using Newsletter.Sandbox.Invoices;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Subscriptions;

/// <summary>What a subscription begins with.</summary>
internal sealed record SubscriptionTerms(IReadOnlyList<(JsonObject Price, long Quantity)> Items, JsonObject Metadata)
{
    public long? TrialEnd { get; init; }

    public JsonObject? Coupon { get; init; }

    public string? Description { get; init; }

    public string? Method { get; init; }

    public string? Session { get; init; }
}

internal static class SubscriptionStart
{
    /// <summary>Creates it as <c>incomplete</c> or <c>trialing</c>, sends the first invoice, and makes it active once that is paid.</summary>
    public static JsonObject Begin(Account account, JsonObject customer, SubscriptionTerms terms)
    {
        var id = Account.NewId("sub");
        var end = terms.TrialEnd ?? 0;
        var subscription = New(account, customer, terms, id);
        var items = terms.Items.Select(item => Item(
            account, id, item.Price, item.Quantity, account.Now, end > 0 ? end : Period.End(account.Now, item.Price, account.Now)));
        subscription["items"] = Json.List($"/v1/subscription_items?subscription={id}", items);
        account.Add(subscription);
        if (terms.Coupon is not null)
        {
            var discount = Coupons.Redeem(account, terms.Coupon, customer.Id(), id, terms.Session);
            subscription["discounts"] = new JsonArray(discount.Id());
            account.Save(subscription);
        }

        account.Told(subscription, "customer.subscription.created");
        var lines = subscription.Data("items").Select(item => InvoiceLine.Of(item, ProductName(account, item), free: end > 0)).ToList();
        var invoice = Invoicing.Issue(account, customer, subscription, lines, "subscription_create", inCheckout: true);
        subscription["latest_invoice"] = invoice.Id();
        if (invoice.Text("status") == "paid" && subscription.Text("status") == "incomplete")
        {
            subscription["status"] = "active";
        }

        SubscriptionCycle.DropSpentDiscount(account, subscription);
        return account.Save(subscription, "customer.subscription.updated");
    }

    public static string ProductName(Account account, JsonObject item) =>
        account.Find(item.Object("price").Text("product")!)?.Text("name") ?? "Product";

    public static JsonObject Item(Account account, string subscription, JsonObject price, long quantity, long start, long end) => new()
    {
        ["id"] = Account.NewId("si"),
        ["object"] = "subscription_item",
        ["billed_until"] = end,
        ["created"] = account.Now,
        ["current_period_end"] = end,
        ["current_period_start"] = start,
        ["discounts"] = new JsonArray(),
        ["metadata"] = new JsonObject(),
        ["plan"] = Plan(price),
        ["price"] = price.Public(),
        ["quantity"] = quantity,
        ["subscription"] = subscription,
        ["tax_rates"] = new JsonArray(),
    };

    /// <summary>The older name of a price, which Stripe still sends beside it.</summary>
    public static JsonObject Plan(JsonObject price) => new()
    {
        ["id"] = price.Id(),
        ["object"] = "plan",
        ["active"] = price.Flag("active"),
        ["amount"] = price.Long("unit_amount"),
        ["amount_decimal"] = price.Long("unit_amount").ToString(CultureInfo.InvariantCulture),
        ["billing_scheme"] = "per_unit",
        ["created"] = price.Long("created"),
        ["currency"] = price.Text("currency"),
        ["interval"] = price.Object("recurring").Text("interval"),
        ["interval_count"] = price.Object("recurring").Long("interval_count"),
        ["livemode"] = false,
        ["metadata"] = price.Object("metadata").Clone(),
        ["nickname"] = price.Text("nickname"),
        ["product"] = price.Text("product"),
        ["usage_type"] = "licensed",
    };

    private static JsonObject New(Account account, JsonObject customer, SubscriptionTerms terms, string id) => new()
    {
        ["id"] = id,
        ["object"] = "subscription",
        ["application"] = null,
        ["application_fee_percent"] = null,
        ["automatic_tax"] = new JsonObject { ["disabled_reason"] = null, ["enabled"] = false, ["liability"] = null },
        ["billing_cycle_anchor"] = terms.TrialEnd ?? account.Now,
        ["billing_mode"] = new JsonObject { ["type"] = "flexible" },
        ["billing_thresholds"] = null,
        ["cancel_at"] = null,
        ["cancel_at_period_end"] = false,
        ["canceled_at"] = null,
        ["cancellation_details"] = new JsonObject { ["comment"] = null, ["feedback"] = null, ["reason"] = null },
        ["collection_method"] = "charge_automatically",
        ["created"] = account.Now,
        ["currency"] = terms.Items[0].Price.Text("currency"),
        ["customer"] = customer.Id(),
        ["days_until_due"] = null,
        ["default_payment_method"] = terms.Method,
        ["default_source"] = null,
        ["default_tax_rates"] = new JsonArray(),
        ["description"] = terms.Description,
        ["discounts"] = new JsonArray(),
        ["ended_at"] = null,
        ["invoice_settings"] = new JsonObject { ["issuer"] = new JsonObject { ["type"] = "self" } },
        ["items"] = null,
        ["latest_invoice"] = null,
        ["livemode"] = false,
        ["metadata"] = terms.Metadata.Clone(),
        ["next_pending_invoice_item_invoice"] = null,
        ["pause_collection"] = null,
        ["pending_setup_intent"] = null,
        ["pending_update"] = null,
        ["schedule"] = null,
        ["start_date"] = account.Now,
        ["status"] = terms.TrialEnd is null ? "incomplete" : "trialing",
        ["test_clock"] = null,
        ["trial_end"] = terms.TrialEnd,
        ["trial_start"] = terms.TrialEnd is null ? null : account.Now,
    };
}
