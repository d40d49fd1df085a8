using System.Globalization;
using System.Text.Json.Nodes;
using Newsletter.Sandbox.Invoices;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Subscriptions;

/// <summary>Settles a change in the middle of a period, to the second; kept as invoice items until the next invoice.</summary>
internal static class Proration
{
    /// <summary>The unused time of the item back (negative), or the rest of its period charged.</summary>
    public static JsonObject Add(Account account, JsonObject subscription, JsonObject item, string product, bool credit)
    {
        var (start, end) = (item.Long("current_period_start"), item.Long("current_period_end"));
        var (price, quantity) = (item.Object("price"), item.Long("quantity"));
        var share = Math.Clamp((decimal)(end - account.Now) / (end - start), 0, 1);
        var amount = (long)Math.Round(price.Long("unit_amount") * quantity * share, MidpointRounding.AwayFromZero) * (credit ? -1 : 1);
        var day = DateTimeOffset.FromUnixTimeSeconds(account.Now).ToString("d MMM yyyy", CultureInfo.InvariantCulture);
        return account.Add(
            new()
            {
                ["id"] = Account.NewId("ii"),
                ["object"] = "invoiceitem",
                ["amount"] = amount,
                ["currency"] = price.Text("currency"),
                ["customer"] = subscription.Text("customer"),
                ["date"] = account.Now,
                ["description"] = $"{(credit ? "Unused" : "Remaining")} time on {product} after {day}",
                ["discountable"] = false,
                ["discounts"] = new JsonArray(),
                ["invoice"] = null,
                ["livemode"] = false,
                ["metadata"] = new JsonObject(),
                ["net_amount"] = amount,
                ["parent"] = new JsonObject
                {
                    ["subscription_details"] = new JsonObject { ["subscription"] = subscription.Id(), ["subscription_item"] = item.Id() },
                    ["type"] = "subscription_details",
                },
                ["period"] = new JsonObject { ["start"] = account.Now, ["end"] = Math.Max(end, account.Now) },
                ["pricing"] = new JsonObject
                {
                    ["price_details"] = new JsonObject { ["price"] = price.Id(), ["product"] = price.Text("product") },
                    ["type"] = "price_details",
                    ["unit_amount_decimal"] = amount.ToString(CultureInfo.InvariantCulture),
                },
                ["proration"] = true,
                ["quantity"] = quantity,
                ["tax_rates"] = new JsonArray(),
                ["_price"] = price.Clone(),
            },
            "invoiceitem.created");
    }

    public static List<InvoiceLine> Pending(Account account, JsonObject subscription) =>
    [
        .. account.Where("invoiceitem", "$.parent.subscription_details.subscription", subscription.Id())
            .Where(item => item["invoice"] is null)
            .Select(item => new InvoiceLine(
                item.Long("amount"), item.Text("description")!, item.Object("_price"), item.Long("quantity"),
                item.Object("period").Long("start"), item.Object("period").Long("end"))
            {
                InvoiceItem = item.Id(),
                SubscriptionItem = item.Object("parent").Object("subscription_details").Text("subscription_item"),
            }),
    ];

    public static void Settle(Account account, IEnumerable<InvoiceLine> lines, JsonObject invoice)
    {
        foreach (var id in lines.Select(line => line.InvoiceItem).OfType<string>())
        {
            var item = account.Find(id)!;
            item["invoice"] = invoice.Id();
            account.Save(item);
        }
    }
}
