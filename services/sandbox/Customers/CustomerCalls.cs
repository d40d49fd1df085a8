using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Newsletter.Sandbox.StripeApi;
using Newsletter.Sandbox.Subscriptions;

namespace Newsletter.Sandbox.Customers;

internal static partial class CustomerCalls
{
    private const string Parameters = "email name description phone metadata address shipping preferred_locales invoice_settings tax_exempt tax balance";

    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only($"{Parameters} payment_method test_clock");
        var customer = Make(account, form.Text("email"), form.Text("name"), form.Metadata());
        if (form.Text("payment_method") is { } card)
        {
            PaymentMethods.Attach(account, customer, PaymentMethods.Named(card));
        }

        return Change(account, form, customer);
    }

    public static JsonObject Make(Account account, string? email, string? name, JsonObject? metadata = null)
    {
        if (email is not null && !email.Contains('@', StringComparison.Ordinal))
        {
            throw StripeFault.Invalid($"Invalid email address: {email}", "email", "email_invalid");
        }

        var id = Account.NewId("cus");
        return account.Add(
            new()
            {
                ["id"] = id,
                ["object"] = "customer",
                ["address"] = null,
                ["balance"] = 0,
                ["created"] = account.Now,
                ["currency"] = null,
                ["default_source"] = null,
                ["delinquent"] = false,
                ["description"] = null,
                ["discount"] = null,
                ["email"] = email,
                ["invoice_prefix"] = id[^8..].ToUpperInvariant(),
                ["invoice_settings"] = new JsonObject { ["custom_fields"] = null, ["default_payment_method"] = null, ["footer"] = null, ["rendering_options"] = null },
                ["livemode"] = false,
                ["metadata"] = metadata ?? [],
                ["name"] = name,
                ["next_invoice_sequence"] = 1,
                ["phone"] = null,
                ["preferred_locales"] = new JsonArray(),
                ["shipping"] = null,
                ["tax_exempt"] = "none",
                ["test_clock"] = null,
            },
            "customer.created");
    }

    public static JsonObject Update(Account account, Form form, string id)
    {
        form.Only($"{Parameters} default_source");
        return Change(account, form, account.Get("customer", id));
    }

    public static JsonObject Retrieve(Account account, Form form, string id) =>
        account.Find(id) is { } gone && gone.Flag("deleted") ? gone : account.Get("customer", id);

    public static JsonObject List(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} email"), "customer", "/v1/customers", ("$.email", form.Text("email")));

    public static JsonObject Search(Account account, Form form, string _)
    {
        form.Only("query limit page");
        var filters = new List<(string, object?)>();
        foreach (var clause in AndWord().Split(form.Need("query")))
        {
            var match = Clause().Match(clause);
            if (!match.Success)
            {
                throw StripeFault.Invalid("The sandbox searches with email:'…', name:'…' and metadata['…']:'…', joined by AND.", "query");
            }

            var path = match.Groups["key"].Success ? $"$.metadata.\"{match.Groups["key"].Value}\"" : $"$.{match.Groups["field"].Value}";
            filters.Add((path, match.Groups["value"].Value));
        }

        var found = Listing.Objects(account, form, "customer", "/v1/customers/search", [.. filters]);
        found["object"] = "search_result";
        found["next_page"] = null;
        return found;
    }

    public static JsonObject Delete(Account account, Form form, string id)
    {
        var customer = account.Get("customer", id);
        foreach (var subscription in account.Where("subscription", "$.customer", id).Where(SubscriptionCycle.IsLive))
        {
            SubscriptionCycle.End(account, subscription, "cancellation_requested");
        }

        account.Told(customer, "customer.deleted");
        return account.Save(new() { ["id"] = id, ["object"] = "customer", ["deleted"] = true });
    }

    private static JsonObject Change(Account account, Form form, JsonObject customer)
    {
        foreach (var name in form.Given("email name description phone"))
        {
            customer[name] = form.Text(name);
        }

        if (form.Has("address"))
        {
            var address = form.Sub("address");
            customer["address"] = new JsonObject("city country line1 line2 postal_code state".Split(' ')
                .Select(name => KeyValuePair.Create(name, (JsonNode?)address.Text(name))));
        }

        if (form.Has("invoice_settings") && form.Sub("invoice_settings").Text("default_payment_method") is { } method)
        {
            customer.Object("invoice_settings")["default_payment_method"] = account.Get("payment_method", method, "invoice_settings[default_payment_method]").Id();
        }

        if (form.Has("preferred_locales"))
        {
            customer["preferred_locales"] = Json.Array(form.Texts("preferred_locales").Select(locale => (JsonNode)locale));
        }

        customer["balance"] = form.Long("balance") ?? customer.Long("balance");
        customer["metadata"] = form.Metadata(customer["metadata"]);
        return account.Save(customer, "customer.updated");
    }

    [GeneratedRegex(@"^\s*(?:(?<field>email|name)|metadata\[['""](?<key>[A-Za-z0-9_-]+)['""]\])\s*:\s*['""](?<value>[^'""]*)['""]\s*$")]
    private static partial Regex Clause();

    [GeneratedRegex(@"\s+AND\s+", RegexOptions.IgnoreCase)]
    private static partial Regex AndWord();
}
