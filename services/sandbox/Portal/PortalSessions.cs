using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Portal;

internal static class PortalSessions
{
    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only("customer return_url configuration flow_data locale on_behalf_of");
        var customer = account.Get("customer", form.Need("customer"), "customer");
        var configuration = form.Text("configuration") is { } given
            ? account.Get("billing_portal.configuration", given, "configuration")
            : PortalConfigurations.Default(account);
        var id = Account.NewId("bps");
        return account.Add(new()
        {
            ["id"] = id,
            ["object"] = "billing_portal.session",
            ["configuration"] = configuration.Id(),
            ["created"] = account.Now,
            ["customer"] = customer.Id(),
            ["flow"] = null,
            ["livemode"] = false,
            ["locale"] = form.Text("locale"),
            ["on_behalf_of"] = null,
            ["return_url"] = form.Address("return_url") ?? configuration.Text("default_return_url"),
            ["url"] = account.Link($"/sandbox/portal/{id}"),
        });
    }
}
