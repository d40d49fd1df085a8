using System.Text.Json.Nodes;
using Newsletter.Sandbox.Catalog;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Subscriptions;

internal static class SubscriptionCalls
{
    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only("customer items metadata description default_payment_method trial_period_days trial_end discounts payment_behavior payment_settings off_session collection_method billing_mode");
        var customer = account.Get("customer", form.Need("customer"), "customer");
        var trialEnd = TrialEnd(account, form);
        if (form.Text("default_payment_method") is null && PaymentMethods.Of(account, customer) is null
            && trialEnd is null && form.Text("payment_behavior") != "default_incomplete")
        {
            throw StripeFault.Invalid(
                "This customer has no attached payment source or default payment method. Please consider adding a default payment method.",
                null, "resource_missing");
        }

        var items = form.Forms("items").Select(item => (PriceOf(account, item), item.Long("quantity") ?? 1)).ToList();
        return items.Count == 0
            ? throw StripeFault.Missing("items")
            : SubscriptionStart.Begin(account, customer, new(items, form.Metadata())
            {
                TrialEnd = trialEnd,
                Coupon = Coupons.Given(account, form),
                Description = form.Text("description"),
                Method = form.Text("default_payment_method") is { } method ? account.Get("payment_method", method, "default_payment_method").Id() : null,
            });
    }

    /// <summary>For <c>trial_period_days</c> and <c>trial_end</c>, here and in a checkout's <c>subscription_data</c>.</summary>
    public static long? TrialEnd(Account account, Form form) => form.Long("trial_period_days") is { } days and > 0
        ? DateTimeOffset.FromUnixTimeSeconds(account.Now).AddDays(days).ToUnixTimeSeconds()
        : form.Long("trial_end");

    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("subscription", id);

    public static JsonObject List(Account account, Form form, string _)
    {
        form.Only($"{Listing.Paging} customer status price");
        var status = form.Text("status");
        object? wanted = status switch
        {
            // Without a status Stripe leaves the cancelled out.
            null => new[] { "incomplete", "trialing", "active", "past_due", "unpaid", "paused", "incomplete_expired" },
            "ended" => new[] { "canceled", "incomplete_expired" },
            "all" => null,
            _ => status,
        };
        return Listing.Objects(
            account, form, "subscription", "/v1/subscriptions",
            ("$.customer", form.Text("customer")), ("$.status", wanted), ("$.items.data[0].price.id", form.Text("price")));
    }

    public static JsonObject Items(Account account, Form form, string _)
    {
        form.Only($"{Listing.Paging} subscription");
        return account.Get("subscription", form.Need("subscription"), "subscription").Object("items");
    }

    public static JsonObject Update(Account account, Form form, string id)
    {
        form.Only("cancel_at_period_end cancel_at cancellation_details items metadata description default_payment_method proration_behavior payment_behavior off_session");
        var subscription = account.Get("subscription", id);
        if (!SubscriptionCycle.IsLive(subscription) && !form.Has("metadata") && !form.Has("cancellation_details"))
        {
            throw StripeFault.Invalid("A canceled subscription can only update its cancellation_details and metadata.", null, "resource_missing");
        }

        if (form.Flag("cancel_at_period_end") is { } cancels)
        {
            CancelAt(account, subscription, cancels ? Period.End(subscription) : null, atPeriodEnd: cancels);
        }
        else if (form.Has("cancel_at"))
        {
            CancelAt(account, subscription, form.Long("cancel_at"), atPeriodEnd: false);
        }

        Explain(subscription, form);
        if (form.Text("default_payment_method") is { } method)
        {
            subscription["default_payment_method"] = account.Get("payment_method", method, "default_payment_method").Id();
        }

        subscription["description"] = form.Has("description") ? form.Text("description") : subscription.Text("description");
        subscription["metadata"] = form.Metadata(subscription["metadata"]);
        var proration = form.Word("proration_behavior", "create_prorations always_invoice none") ?? "create_prorations";
        SubscriptionChange.Apply(account, subscription, Changes(account, form, subscription), proration);
        return account.Save(subscription, "customer.subscription.updated");
    }

    public static void CancelAt(Account account, JsonObject subscription, long? when, bool atPeriodEnd)
    {
        subscription["cancel_at_period_end"] = atPeriodEnd;
        subscription["cancel_at"] = when;
        subscription["canceled_at"] = when is null ? null : account.Now;
        subscription["cancellation_details"] = new JsonObject
        {
            ["comment"] = null,
            ["feedback"] = null,
            ["reason"] = when is null ? null : "cancellation_requested",
        };
    }

    public static JsonObject Cancel(Account account, Form form, string id)
    {
        form.Only("cancellation_details invoice_now prorate");
        if (form.Flag("prorate") is true || form.Flag("invoice_now") is true)
        {
            throw StripeFault.Invalid("The sandbox does not settle a cancellation: leave out prorate and invoice_now.", "prorate");
        }

        var subscription = account.Get("subscription", id);
        if (!SubscriptionCycle.IsLive(subscription))
        {
            throw StripeFault.NoSuch("subscription", id, "id");
        }

        Explain(subscription, form);
        return SubscriptionCycle.End(account, subscription, "cancellation_requested");
    }

    public static JsonObject PriceOf(Account account, Form item)
    {
        var price = item.Has("price_data")
            ? Prices.Inline(account, item.Sub("price_data"))
            : account.Get("price", item.Need("price"), "items[price]");
        return price["recurring"] is not null
            ? price
            : throw StripeFault.Invalid($"The price {price.Id()} is not recurring: subscriptions take recurring prices only.", "items[price]");
    }

    private static List<(JsonObject Item, JsonObject Price, long Quantity)> Changes(Account account, Form form, JsonObject subscription)
    {
        var changes = new List<(JsonObject, JsonObject, long)>();
        foreach (var change in form.Forms("items"))
        {
            change.Only("id price price_data quantity");
            var item = subscription.Data("items").FirstOrDefault(known => known.Id() == change.Need("id"))
                ?? throw StripeFault.NoSuch("subscription_item", change.Need("id"), "items[id]");
            var price = change.Has("price") || change.Has("price_data") ? PriceOf(account, change) : item.Object("price");
            var quantity = change.Long("quantity") ?? item.Long("quantity");
            if (price.Id() != item.Object("price").Id() || quantity != item.Long("quantity"))
            {
                changes.Add((item, price.Clone(), quantity));
            }
        }

        return changes;
    }

    private static void Explain(JsonObject subscription, Form form)
    {
        foreach (var name in form.Sub("cancellation_details").Given("comment feedback"))
        {
            subscription.Object("cancellation_details")[name] = form.Sub("cancellation_details").Text(name);
        }
    }
}
