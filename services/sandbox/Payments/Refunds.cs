using System.Text.Json.Nodes;
using Newsletter.Sandbox.Catalog;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Payments;

internal static class Refunds
{
    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only("charge payment_intent amount reason metadata");
        var charge = account.Get("charge", ChargeOf(account, form), "charge");
        var left = charge.Long("amount_captured") - charge.Long("amount_refunded");
        if (left == 0)
        {
            throw StripeFault.Invalid($"Charge {charge.Id()} has already been refunded.", null, "charge_already_refunded");
        }

        var amount = form.Long("amount") ?? left;
        if (amount < 1 || amount > left)
        {
            var currency = charge.Text("currency")!;
            throw StripeFault.Invalid(
                $"Refund amount ({Prices.Money(amount, currency)}) is greater than unrefunded amount on charge ({Prices.Money(left, currency)})", "amount");
        }

        var refund = account.Add(
            new()
            {
                ["id"] = Account.NewId("re"),
                ["object"] = "refund",
                ["amount"] = amount,
                ["balance_transaction"] = null,
                ["charge"] = charge.Id(),
                ["created"] = account.Now,
                ["currency"] = charge.Text("currency"),
                ["destination_details"] = new JsonObject { ["type"] = "card" },
                ["metadata"] = form.Metadata(),
                ["payment_intent"] = charge.Text("payment_intent"),
                ["reason"] = form.Word("reason", "duplicate fraudulent requested_by_customer"),
                ["receipt_number"] = null,
                ["status"] = "succeeded",
            },
            "refund.created");
        charge["amount_refunded"] = charge.Long("amount_refunded") + amount;
        charge["refunded"] = amount == left;
        account.Save(charge, "charge.refunded");
        return refund;
    }

    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("refund", id);

    public static JsonObject List(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} charge payment_intent"), "refund", "/v1/refunds",
        ("$.charge", form.Text("charge")), ("$.payment_intent", form.Text("payment_intent")));

    private static string ChargeOf(Account account, Form form) => form.Text("charge")
        ?? account.Get("payment_intent", form.Text("payment_intent")
            ?? throw StripeFault.Invalid("One of the following params should be provided for this request: payment_intent or charge."), "payment_intent")
            .Text("latest_charge")
        ?? throw StripeFault.Invalid("This PaymentIntent does not have a successful charge to refund.", "payment_intent");
}
