using System.Security.Cryptography;
using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Webhooks;

/// <summary>An account's own receivers. The secret is told once, when one is created.</summary>
internal static class WebhookEndpoints
{
    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only("url enabled_events description metadata api_version connect");
        var events = form.Texts("enabled_events");
        if (events.Count == 0)
        {
            throw StripeFault.Missing("enabled_events");
        }

        var secret = $"whsec_{RandomNumberGenerator.GetHexString(48, lowercase: true)}";
        var endpoint = account.Add(new()
        {
            ["id"] = Account.NewId("we"),
            ["object"] = "webhook_endpoint",
            ["api_version"] = form.Text("api_version"),
            ["application"] = null,
            ["created"] = account.Now,
            ["description"] = form.Text("description"),
            ["enabled_events"] = Json.Array(events.Select(name => (JsonNode)name)),
            ["livemode"] = false,
            ["metadata"] = form.Metadata(),
            ["status"] = "enabled",
            ["url"] = form.Address("url") ?? throw StripeFault.Missing("url"),
            ["_secret"] = secret,
        });
        endpoint = endpoint.Clone();
        endpoint["secret"] = secret;
        return endpoint;
    }

    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("webhook_endpoint", id);

    public static JsonObject List(Account account, Form form, string _) =>
        Listing.Objects(account, form.Only(Listing.Paging), "webhook_endpoint", "/v1/webhook_endpoints");

    public static JsonObject Delete(Account account, Form form, string id)
    {
        account.Get("webhook_endpoint", id);
        account.Remove(id);
        return new() { ["id"] = id, ["object"] = "webhook_endpoint", ["deleted"] = true };
    }
}
