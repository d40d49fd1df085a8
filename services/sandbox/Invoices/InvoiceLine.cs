using System.Globalization;
using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Invoices;

/// <summary>One line to be. <paramref name="Amount"/> in minor units, negative for what is given back.</summary>
internal sealed record InvoiceLine(long Amount, string Description, JsonObject Price, long Quantity, long From, long Until)
{
    public string? SubscriptionItem { get; init; }

    /// <summary>Set where the line settles a change in the middle of a period.</summary>
    public string? InvoiceItem { get; init; }

    /// <summary>The whole period of one item of a subscription.</summary>
    public static InvoiceLine Of(JsonObject item, string product, bool free = false)
    {
        var price = item.Object("price");
        var quantity = item.Long("quantity");
        var label = Catalog.Prices.Label(price);
        return new(
            free ? 0 : price.Long("unit_amount") * quantity,
            free ? $"Trial period for {product}" : $"{quantity} × {product} (at {label})",
            price,
            quantity,
            item.Long("current_period_start"),
            item.Long("current_period_end"))
        {
            SubscriptionItem = item.Id(),
        };
    }

    public JsonObject ToJson(string invoice, JsonObject? subscription, long discountAmount, string? discount) => new()
    {
        ["id"] = Account.NewId("il"),
        ["object"] = "line_item",
        ["amount"] = Amount,
        ["currency"] = Price.Text("currency"),
        ["description"] = Description,
        ["discount_amounts"] = discountAmount == 0 ? [] : new JsonArray(new JsonObject { ["amount"] = discountAmount, ["discount"] = discount }),
        ["discountable"] = InvoiceItem is null,
        ["discounts"] = discountAmount == 0 ? [] : new JsonArray(discount),
        ["invoice"] = invoice,
        ["livemode"] = false,
        ["metadata"] = subscription?["metadata"]?.DeepClone() ?? new JsonObject(),
        ["parent"] = subscription is null ? null : new JsonObject
        {
            ["invoice_item_details"] = null,
            ["subscription_item_details"] = new JsonObject
            {
                ["invoice_item"] = InvoiceItem,
                ["proration"] = InvoiceItem is not null,
                ["proration_details"] = new JsonObject { ["credited_items"] = null },
                ["subscription"] = subscription.Id(),
                ["subscription_item"] = SubscriptionItem,
            },
            ["type"] = "subscription_item_details",
        },
        ["period"] = new JsonObject { ["start"] = From, ["end"] = Until },
        ["pretax_credit_amounts"] = new JsonArray(),
        ["pricing"] = new JsonObject
        {
            ["price_details"] = new JsonObject { ["price"] = Price.Id(), ["product"] = Price.Text("product") },
            ["type"] = "price_details",
            ["unit_amount_decimal"] = Price.Long("unit_amount").ToString(CultureInfo.InvariantCulture),
        },
        ["quantity"] = Quantity,
        ["subtotal"] = Amount,
        ["taxes"] = new JsonArray(),
    };
}
