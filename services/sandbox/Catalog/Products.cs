using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Catalog;

internal static class Products
{
    private const string Parameters = "name active description images metadata statement_descriptor tax_code unit_label url shippable marketing_features";

    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only($"{Parameters} id default_price_data type");
        var product = Make(account, form, form.Text("id"));
        if (form.Has("default_price_data"))
        {
            var price = Prices.Make(account, form.Sub("default_price_data"), product.Id());
            product["default_price"] = price.Id();
            account.Save(product);
        }

        return account.Told(product, "product.created");
    }

    /// <summary>Also for <c>product_data</c> inside a price.</summary>
    public static JsonObject Make(Account account, Form form, string? id = null) => account.Add(new()
    {
        ["id"] = id ?? Account.NewId("prod"),
        ["object"] = "product",
        ["active"] = form.Flag("active") ?? true,
        ["created"] = account.Now,
        ["default_price"] = null,
        ["description"] = form.Text("description"),
        ["images"] = Json.Array(form.Texts("images").Select(image => (JsonNode)image)),
        ["livemode"] = false,
        ["marketing_features"] = new JsonArray(),
        ["metadata"] = form.Metadata(),
        ["name"] = form.Need("name"),
        ["statement_descriptor"] = form.Text("statement_descriptor"),
        ["tax_code"] = form.Text("tax_code"),
        ["type"] = "service",
        ["unit_label"] = form.Text("unit_label"),
        ["updated"] = account.Now,
        ["url"] = form.Text("url"),
    });

    public static JsonObject Update(Account account, Form form, string id)
    {
        form.Only($"{Parameters} default_price");
        var product = account.Get("product", id);
        foreach (var name in form.Given("name description statement_descriptor unit_label url default_price"))
        {
            product[name] = form.Text(name);
        }

        product["active"] = form.Flag("active") ?? product.Flag("active");
        product["metadata"] = form.Metadata(product["metadata"]);
        product["updated"] = account.Now;
        return account.Save(product, "product.updated");
    }

    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("product", id);

    public static JsonObject List(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} active ids"), "product", "/v1/products", ("$.active", form.Flag("active")));
}
