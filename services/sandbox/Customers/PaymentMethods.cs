using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Customers;

internal static class PaymentMethods
{
    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("payment_method", id);

    public static JsonObject Attach(Account account, Form form, string id)
    {
        form.Only("customer");
        return Attach(account, account.Get("customer", form.Need("customer"), "customer"), Named(id), makeDefault: false);
    }

    public static TestCard Named(string name) => name switch
    {
        "pm_card_visa" => TestCard.Good,
        "pm_card_chargeCustomerFail" => TestCard.FailsLater,
        _ => throw StripeFault.Invalid("The sandbox attaches pm_card_visa and pm_card_chargeCustomerFail.", "payment_method"),
    };

    public static JsonObject Attach(Account account, JsonObject customer, TestCard card, bool makeDefault = true)
    {
        var method = account.Add(
            new()
            {
                ["id"] = Account.NewId("pm"),
                ["object"] = "payment_method",
                ["allow_redisplay"] = "always",
                ["billing_details"] = new JsonObject { ["address"] = null, ["email"] = customer.Text("email"), ["name"] = customer.Text("name"), ["phone"] = null },
                ["card"] = new JsonObject
                {
                    ["brand"] = card.Brand,
                    ["country"] = "US",
                    ["display_brand"] = card.Brand,
                    ["exp_month"] = 12,
                    ["exp_year"] = 2034,
                    ["fingerprint"] = $"sandbox{card.Last4}",
                    ["funding"] = "credit",
                    ["last4"] = card.Last4,
                },
                ["created"] = account.Now,
                ["customer"] = customer.Id(),
                ["livemode"] = false,
                ["metadata"] = new JsonObject(),
                ["type"] = "card",
            },
            "payment_method.attached");
        if (makeDefault)
        {
            customer.Object("invoice_settings")["default_payment_method"] = method.Id();
            account.Save(customer, "customer.updated");
        }

        return method;
    }

    /// <summary>The card that a subscription is charged on.</summary>
    public static JsonObject? Of(Account account, JsonObject customer, JsonObject? subscription = null)
    {
        var id = subscription?.Text("default_payment_method") ?? customer.Object("invoice_settings").Text("default_payment_method");
        return id is null ? null : account.Find(id);
    }
}
