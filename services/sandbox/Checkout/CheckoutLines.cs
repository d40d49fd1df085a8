using System.Text.Json.Nodes;
using Newsletter.Sandbox.Catalog;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Checkout;

/// <summary>What is bought: one line for each price, as <c>line_items</c> shows it.</summary>
internal static class CheckoutLines
{
    public static JsonObject Make(Account account, Form form, string mode)
    {
        form.Only("price price_data quantity adjustable_quantity tax_rates");
        var price = form.Has("price_data") ? Prices.Inline(account, form.Sub("price_data")) : account.Get("price", form.Need("price"), "line_items[0][price]");
        if (form.Has("price") && !price.Flag("active"))
        {
            throw StripeFault.Invalid($"The price specified is inactive: {price.Id()}", "line_items[0][price]");
        }

        if (mode == "payment" && price["recurring"] is not null)
        {
            throw StripeFault.Invalid("You specified `payment` mode but passed a recurring price. Either switch to `subscription` mode or use only one-time prices.", "mode");
        }

        if (mode == "subscription" && price["recurring"] is null)
        {
            throw StripeFault.Invalid("In subscription mode the sandbox takes recurring prices only.", "line_items[0][price]");
        }

        var quantity = form.Long("quantity") ?? throw StripeFault.Missing("line_items[0][quantity]");
        if (quantity is < 1 or > 999_999)
        {
            throw StripeFault.Invalid("Invalid quantity: must be between 1 and 999999.", "line_items[0][quantity]");
        }

        var amount = price.Long("unit_amount") * quantity;
        return new()
        {
            ["id"] = Account.NewId("li"),
            ["object"] = "item",
            ["amount_discount"] = 0,
            ["amount_subtotal"] = amount,
            ["amount_tax"] = 0,
            ["amount_total"] = amount,
            ["currency"] = price.Text("currency"),
            ["description"] = account.Find(price.Text("product")!)?.Text("name"),
            ["price"] = price.Public(),
            ["quantity"] = quantity,
        };
    }
}
