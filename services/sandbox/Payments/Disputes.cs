using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Payments;

internal static class Disputes
{
    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("dispute", id);

    public static JsonObject List(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} charge payment_intent"), "dispute", "/v1/disputes",
        ("$.charge", form.Text("charge")), ("$.payment_intent", form.Text("payment_intent")));

    /// <summary>The cardholder asks the bank for the money back.</summary>
    public static JsonObject Open(Account account, string chargeId)
    {
        var charge = account.Get("charge", chargeId);
        if (charge.Flag("disputed") || !charge.Flag("paid"))
        {
            throw StripeFault.Invalid("Only a paid charge without a dispute can be disputed.");
        }

        charge["disputed"] = true;
        account.Save(charge, "charge.updated");
        var dispute = account.Add(
            new()
            {
                ["id"] = Account.NewId("du"),
                ["object"] = "dispute",
                ["amount"] = charge.Long("amount"),
                ["balance_transactions"] = new JsonArray(),
                ["charge"] = charge.Id(),
                ["created"] = account.Now,
                ["currency"] = charge.Text("currency"),
                ["evidence_details"] = new JsonObject
                {
                    ["due_by"] = account.Now + (7 * 86_400),
                    ["has_evidence"] = false,
                    ["past_due"] = false,
                    ["submission_count"] = 0,
                },
                ["is_charge_refundable"] = false,
                ["livemode"] = false,
                ["metadata"] = new JsonObject(),
                ["payment_intent"] = charge.Text("payment_intent"),
                ["reason"] = "fraudulent",
                ["status"] = "needs_response",
            },
            "charge.dispute.created");
        return account.Told(dispute, "charge.dispute.funds_withdrawn");
    }

    public static JsonObject Close(Account account, string disputeId, bool won)
    {
        var dispute = account.Get("dispute", disputeId);
        if (dispute.Text("status") != "needs_response")
        {
            throw StripeFault.Invalid("This dispute is already closed.");
        }

        dispute["status"] = won ? "won" : "lost";
        account.Save(dispute, "charge.dispute.closed");
        return account.Told(dispute, won ? "charge.dispute.funds_reinstated" : null);
    }
}
