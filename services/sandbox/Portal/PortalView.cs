using System.Text.Json.Nodes;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.StripeApi;
using Newsletter.Sandbox.Subscriptions;

namespace Newsletter.Sandbox.Portal;

/// <summary>What the portal's page shows.</summary>
public sealed record PortalView(JsonObject Session, JsonObject Configuration, JsonObject Customer, IReadOnlyList<PortalPlan> Plans, IReadOnlyList<JsonObject> Invoices)
{
    internal static PortalView Of(Account account, string id)
    {
        var session = account.Get("billing_portal.session", id);
        var customer = account.Get("customer", session.Text("customer")!);
        var configuration = account.Find(session.Text("configuration")!)!;
        var plans = account.Where("subscription", "$.customer", customer.Id())
            .Where(subscription => subscription.Text("status") != "incomplete_expired")
            .OrderByDescending(SubscriptionCycle.IsLive).ThenByDescending(subscription => subscription.Long("created"))
            .Select(subscription => Plan(account, configuration, customer, subscription));
        var invoices = account.Where("invoice", "$.customer", customer.Id());
        invoices.Reverse();
        return new(session, configuration, customer, [.. plans], invoices);
    }

    public JsonObject Feature(string name) => Configuration.Object("features").Object(name);

    public bool Offers(string feature) => Feature(feature).Flag("enabled");

    public void Require(string feature)
    {
        if (!Offers(feature))
        {
            throw StripeFault.Invalid($"The portal's configuration does not enable {feature}.");
        }
    }

    private static PortalPlan Plan(Account account, JsonObject configuration, JsonObject customer, JsonObject subscription)
    {
        var item = subscription.Data("items").First();
        var card = PaymentMethods.Of(account, customer, subscription)?.Object("card").Text("last4");
        return new(
            subscription,
            SubscriptionStart.ProductName(account, item),
            item.Object("price"),
            card is null ? null : TestCard.ByLast4(card),
            [.. PortalConfigurations.PricesFor(account, configuration, item.Object("price"))
                .Select(price => (price, account.Find(price.Text("product")!)?.Text("name") ?? ""))]);
    }
}

public sealed record PortalPlan(
    JsonObject Subscription, string Product, JsonObject Price, TestCard? Card, IReadOnlyList<(JsonObject Price, string Product)> Offers);
