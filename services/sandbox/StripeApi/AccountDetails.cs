using System.Text.Json.Nodes;

namespace Newsletter.Sandbox.StripeApi;

internal static class AccountDetails
{
    public static JsonObject Retrieve(Account account, Form form, string id) => new()
    {
        ["id"] = account.Id,
        ["object"] = "account",
        ["business_profile"] = new JsonObject { ["name"] = "Sandbox" },
        ["charges_enabled"] = true,
        ["country"] = "US",
        ["default_currency"] = "usd",
        ["details_submitted"] = true,
        ["payouts_enabled"] = true,
        ["type"] = "standard",
    };
}
