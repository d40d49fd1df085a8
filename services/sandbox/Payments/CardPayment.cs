using System.Text.Json.Nodes;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Payments;

/// <summary>What is to be charged. <paramref name="Amount"/> in minor units.</summary>
internal sealed record ChargeOrder(JsonObject Customer, JsonObject? Method, long Amount, string Currency, string Description, JsonObject Metadata);

/// <summary>One payment intent, and a charge for each attempt at it.</summary>
internal static class CardPayment
{
    public static JsonObject Intend(Account account, ChargeOrder order)
    {
        var id = Account.NewId("pi");
        return account.Add(
            new()
            {
                ["id"] = id,
                ["object"] = "payment_intent",
                ["amount"] = order.Amount,
                ["amount_capturable"] = 0,
                ["amount_received"] = 0,
                ["application"] = null,
                ["canceled_at"] = null,
                ["cancellation_reason"] = null,
                ["capture_method"] = "automatic",
                ["client_secret"] = $"{id}_secret_{Account.NewId("s")[2..]}",
                ["confirmation_method"] = "automatic",
                ["created"] = account.Now,
                ["currency"] = order.Currency,
                ["customer"] = order.Customer.Id(),
                ["description"] = order.Description,
                ["last_payment_error"] = null,
                ["latest_charge"] = null,
                ["livemode"] = false,
                ["metadata"] = order.Metadata.Clone(),
                ["next_action"] = null,
                ["payment_method"] = order.Method?.Id(),
                ["payment_method_types"] = new JsonArray("card"),
                ["receipt_email"] = null,
                ["setup_future_usage"] = null,
                ["status"] = "requires_confirmation",
            },
            "payment_intent.created");
    }

    /// <summary>Whether the money came. A card that is to fail later pays only the customer's first charge, in the checkout.</summary>
    public static bool Attempt(Account account, JsonObject intent, ChargeOrder order, bool inCheckout)
    {
        var card = TestCard.ByLast4(order.Method?.Object("card").Text("last4"));
        var pays = order.Method is not null && (card.Behaviour is CardBehaviour.Pays or CardBehaviour.NeedsAction
            || (card.Behaviour == CardBehaviour.FailsLater && inCheckout));
        var charge = account.Add(Charge(account, intent, order, card, pays), pays ? "charge.succeeded" : "charge.failed");
        intent["latest_charge"] = charge.Id();
        intent["payment_method"] = order.Method?.Id();
        intent["status"] = pays ? "succeeded" : "requires_payment_method";
        intent["amount_received"] = pays ? order.Amount : 0;
        intent["last_payment_error"] = pays ? null : new JsonObject
        {
            ["charge"] = charge.Id(),
            ["code"] = "card_declined",
            ["decline_code"] = card.DeclineCode,
            ["message"] = card.DeclineMessage,
            ["type"] = "card_error",
        };
        account.Told(account.Save(intent), pays ? "payment_intent.succeeded" : "payment_intent.payment_failed");
        return pays;
    }

    private static JsonObject Charge(Account account, JsonObject intent, ChargeOrder order, TestCard card, bool paid)
    {
        var id = Account.NewId("ch");
        return new()
        {
            ["id"] = id,
            ["object"] = "charge",
            ["amount"] = order.Amount,
            ["amount_captured"] = paid ? order.Amount : 0,
            ["amount_refunded"] = 0,
            ["application"] = null,
            ["application_fee"] = null,
            ["balance_transaction"] = null,
            ["billing_details"] = new JsonObject { ["address"] = null, ["email"] = order.Customer.Text("email"), ["name"] = order.Customer.Text("name"), ["phone"] = null },
            ["calculated_statement_descriptor"] = "SANDBOX",
            ["captured"] = paid,
            ["created"] = account.Now,
            ["currency"] = order.Currency,
            ["customer"] = order.Customer.Id(),
            ["description"] = order.Description,
            ["disputed"] = false,
            ["failure_code"] = paid ? null : "card_declined",
            ["failure_message"] = paid ? null : card.DeclineMessage,
            ["livemode"] = false,
            ["metadata"] = order.Metadata.Clone(),
            ["outcome"] = new JsonObject
            {
                ["network_status"] = paid ? "approved_by_network" : "declined_by_network",
                ["reason"] = paid ? null : card.DeclineCode,
                ["risk_level"] = "normal",
                ["seller_message"] = paid ? "Payment complete." : "The bank did not return any further details with this decline.",
                ["type"] = paid ? "authorized" : "issuer_declined",
            },
            ["paid"] = paid,
            ["payment_intent"] = intent.Id(),
            ["payment_method"] = order.Method?.Id(),
            ["payment_method_details"] = new JsonObject
            {
                ["card"] = new JsonObject { ["brand"] = card.Brand, ["country"] = "US", ["exp_month"] = 12, ["exp_year"] = 2034, ["funding"] = "credit", ["last4"] = card.Last4 },
                ["type"] = "card",
            },
            ["receipt_email"] = null,
            ["receipt_url"] = account.Link($"/sandbox/receipts/{id}"),
            ["refunded"] = false,
            ["status"] = paid ? "succeeded" : "failed",
        };
    }
}
