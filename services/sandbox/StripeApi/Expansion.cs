using System.Text.Json.Nodes;

namespace Newsletter.Sandbox.StripeApi;

/// <summary><c>expand[]=latest_invoice.payments</c>: puts the object where its id stands, up to four levels deep.</summary>
internal static class Expansion
{
    public static JsonObject Expand(Account account, JsonObject root, IReadOnlyList<string> paths)
    {
        foreach (var path in paths.Order(StringComparer.Ordinal))
        {
            var names = path.Split('.');
            if (names.Length > 4 + (names[0] == "data" ? 1 : 0))
            {
                throw StripeFault.Invalid($"You cannot expand more than 4 levels of a property. Property: {path}", "expand");
            }

            Walk(account, root, names, path);
        }

        return root;
    }

    private static void Walk(Account account, JsonNode? node, ReadOnlySpan<string> names, string path)
    {
        if (names.Length == 0 || node is null)
        {
            return;
        }

        if (node is JsonArray array)
        {
            foreach (var item in array)
            {
                Walk(account, item, names, path);
            }

            return;
        }

        if (node is not JsonObject parent)
        {
            throw StripeFault.Invalid($"This property cannot be expanded ({path}).", "expand");
        }

        var name = names[0];
        if (Includable(account, parent, name) is { } included)
        {
            parent[name] = included;
        }
        else if (!parent.ContainsKey(name))
        {
            throw StripeFault.Invalid($"This property cannot be expanded ({path}).", "expand");
        }

        parent[name] = parent[name] switch
        {
            JsonValue value => Resolve(account, value),
            JsonArray ids when ids.All(id => id is JsonValue) => Json.Array(ids.Select(id => Resolve(account, id!.AsValue()))),
            var other => Detach(parent, name, other),
        };
        Walk(account, parent[name], names[1..], path);
    }

    private static JsonNode? Detach(JsonObject parent, string name, JsonNode? node)
    {
        parent[name] = null;
        return node;
    }

    private static JsonNode Resolve(Account account, JsonValue value) =>
        value.TryGetValue<string>(out var id) && account.Find(id) is { } found ? found.Public() : value.DeepClone();

    /// <summary>Lists that Stripe leaves out unless asked.</summary>
    private static JsonObject? Includable(Account account, JsonObject parent, string name)
    {
        var id = parent.Text("id") ?? "";
        return (parent.Text("object"), name) switch
        {
            ("checkout.session", "line_items") => Json.List(
                $"/v1/checkout/sessions/{id}/line_items", account.Find(id)!["_line_items"]!.AsArray().Select(item => item!.AsObject().Clone())),
            ("invoice", "payments") => List("invoice_payment", "$.invoice", "/v1/invoice_payments"),
            ("customer", "subscriptions") => List("subscription", "$.customer", $"/v1/customers/{id}/subscriptions"),
            ("charge", "refunds") => List("refund", "$.charge", $"/v1/charges/{id}/refunds"),
            _ => null,
        };

        JsonObject List(string kind, string path, string url) =>
            Json.List(url, account.Where(kind, path, id).AsEnumerable().Reverse().Select(item => item.Public()));
    }
}
