using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Portal;

/// <summary>What the portal offers; without one of the account's own, everything.</summary>
internal static class PortalConfigurations
{
    private const string Parameters = "business_profile default_return_url features metadata name login_page";

    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only(Parameters);
        return account.Add(Apply(account, form, New(account, isDefault: false)), "billing_portal.configuration.created");
    }

    public static JsonObject Update(Account account, Form form, string id)
    {
        form.Only($"{Parameters} active");
        var configuration = account.Get("billing_portal.configuration", id);
        configuration["active"] = form.Flag("active") ?? configuration.Flag("active");
        return account.Save(Apply(account, form, configuration), "billing_portal.configuration.updated");
    }

    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("billing_portal.configuration", id);

    public static JsonObject List(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} active is_default"), "billing_portal.configuration", "/v1/billing_portal/configurations",
        ("$.active", form.Flag("active")), ("$.is_default", form.Flag("is_default")));

    public static JsonObject Default(Account account) =>
        account.Where("billing_portal.configuration", "$.name", "Default").FirstOrDefault(known => known.Flag("is_default"))
        ?? account.Add(New(account, isDefault: true));

    /// <summary>The prices that a subscriber may switch to: those listed, else all of the product at hand.</summary>
    public static IEnumerable<JsonObject> PricesFor(Account account, JsonObject configuration, JsonObject current)
    {
        var products = configuration.Object("features").Object("subscription_update")["products"] as JsonArray ?? [];
        var prices = products.Count == 0
            ? account.Where("price", "$.product", current.Text("product")!)
            : products.Select(product => product!.AsObject())
                .SelectMany(product => product.Texts("prices").Any()
                    ? product.Texts("prices").Select(account.Find).OfType<JsonObject>()
                    : account.Where("price", "$.product", product.Text("product")!));
        return prices.Where(price => price.Flag("active") && price["recurring"] is not null
            && price.Text("currency") == current.Text("currency") && price.Id() != current.Id());
    }

    private static JsonObject New(Account account, bool isDefault) => new()
    {
        ["id"] = Account.NewId("bpc"),
        ["object"] = "billing_portal.configuration",
        ["active"] = true,
        ["application"] = null,
        ["business_profile"] = new JsonObject { ["headline"] = null, ["privacy_policy_url"] = null, ["terms_of_service_url"] = null },
        ["created"] = account.Now,
        ["default_return_url"] = null,
        ["features"] = new JsonObject
        {
            ["customer_update"] = new JsonObject { ["allowed_updates"] = new JsonArray(), ["enabled"] = false },
            ["invoice_history"] = new JsonObject { ["enabled"] = isDefault },
            ["payment_method_update"] = new JsonObject { ["enabled"] = isDefault },
            ["subscription_cancel"] = new JsonObject { ["enabled"] = isDefault, ["mode"] = "at_period_end", ["proration_behavior"] = "none" },
            ["subscription_update"] = new JsonObject
            {
                ["default_allowed_updates"] = new JsonArray("price"),
                ["enabled"] = isDefault,
                ["products"] = new JsonArray(),
                ["proration_behavior"] = "create_prorations",
            },
        },
        ["is_default"] = isDefault,
        ["livemode"] = false,
        ["login_page"] = new JsonObject { ["enabled"] = false, ["url"] = null },
        ["metadata"] = new JsonObject(),
        ["name"] = isDefault ? "Default" : null,
        ["updated"] = account.Now,
    };

    private static JsonObject Apply(Account account, Form form, JsonObject configuration)
    {
        foreach (var name in configuration.Object("features").Select(feature => feature.Key).ToList())
        {
            var given = form.Sub("features").Sub(name);
            var feature = configuration.Object("features").Object(name);
            feature["enabled"] = given.Flag("enabled") ?? feature.Flag("enabled");
            foreach (var setting in given.Given("mode proration_behavior"))
            {
                feature[setting] = given.Text(setting);
            }

            if (given.Has("products"))
            {
                feature["products"] = Json.Array(given.Forms("products").Select(product => new JsonObject
                {
                    ["product"] = account.Get("product", product.Need("product"), "features[subscription_update][products]").Id(),
                    ["prices"] = Json.Array(product.Texts("prices").Select(price => (JsonNode)price)),
                }));
            }
        }

        foreach (var name in form.Sub("business_profile").Given("headline privacy_policy_url terms_of_service_url"))
        {
            configuration.Object("business_profile")[name] = form.Sub("business_profile").Text(name);
        }

        configuration["default_return_url"] = form.Address("default_return_url") ?? configuration.Text("default_return_url");
        configuration["name"] = form.Text("name") ?? configuration.Text("name");
        configuration["metadata"] = form.Metadata(configuration["metadata"]);
        configuration["updated"] = account.Now;
        return configuration;
    }
}
