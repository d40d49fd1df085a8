using System.Globalization;
using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Catalog;

internal static class Prices
{
    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only("currency unit_amount unit_amount_decimal product product_data recurring active lookup_key transfer_lookup_key metadata nickname tax_behavior billing_scheme");
        var product = form.Has("product_data")
            ? Products.Make(account, form.Sub("product_data")).Id()
            : account.Get("product", form.Need("product"), "product").Id();
        return account.Told(Make(account, form, product), "price.created");
    }

    /// <summary>A price as given inline (<c>price_data</c>): there it is not for sale again.</summary>
    public static JsonObject Inline(Account account, Form form) => Make(
        account,
        form,
        form.Has("product_data")
            ? Products.Make(account, form.Sub("product_data")).Id()
            : account.Get("product", form.Need("product"), "product").Id(),
        active: false);

    public static JsonObject Make(Account account, Form form, string product, bool active = true)
    {
        var currency = form.Need("currency").ToLowerInvariant();
        if (currency.Length != 3 || !currency.All(char.IsAsciiLetter))
        {
            throw StripeFault.Invalid($"Invalid currency: {currency}", "currency");
        }

        var amount = form.Long("unit_amount") ?? (long?)form.Decimal("unit_amount_decimal") ?? throw StripeFault.Missing("unit_amount");
        if (amount is < 0 or > 99_999_999)
        {
            throw StripeFault.Invalid("Invalid non-negative integer", "unit_amount", "parameter_invalid_integer");
        }

        var recurring = form.Has("recurring") ? Recurring(form.Sub("recurring")) : null;
        return account.Add(new()
        {
            ["id"] = Account.NewId("price"),
            ["object"] = "price",
            ["active"] = form.Flag("active") ?? active,
            ["billing_scheme"] = "per_unit",
            ["created"] = account.Now,
            ["currency"] = currency,
            ["custom_unit_amount"] = null,
            ["livemode"] = false,
            ["lookup_key"] = LookupKey(account, form),
            ["metadata"] = form.Metadata(),
            ["nickname"] = form.Text("nickname"),
            ["product"] = product,
            ["recurring"] = recurring,
            ["tax_behavior"] = form.Text("tax_behavior") ?? "unspecified",
            ["tiers_mode"] = null,
            ["transform_quantity"] = null,
            ["type"] = recurring is null ? "one_time" : "recurring",
            ["unit_amount"] = amount,
            ["unit_amount_decimal"] = amount.ToString(CultureInfo.InvariantCulture),
        });
    }

    public static JsonObject Update(Account account, Form form, string id)
    {
        form.Only("active lookup_key transfer_lookup_key metadata nickname tax_behavior");
        var price = account.Get("price", id);
        price["active"] = form.Flag("active") ?? price.Flag("active");
        price["nickname"] = form.Has("nickname") ? form.Text("nickname") : price.Text("nickname");
        price["lookup_key"] = form.Has("lookup_key") ? LookupKey(account, form) : price.Text("lookup_key");
        price["metadata"] = form.Metadata(price["metadata"]);
        return account.Save(price, "price.updated");
    }

    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("price", id);

    public static JsonObject List(Account account, Form form, string _)
    {
        form.Only($"{Listing.Paging} active currency lookup_keys product recurring type");
        var keys = form.Texts("lookup_keys");
        return keys.Count == 0
            ? Listing.Objects(
                account, form, "price", "/v1/prices",
                ("$.active", form.Flag("active")), ("$.product", form.Text("product")), ("$.type", form.Text("type")), ("$.currency", form.Text("currency")))
            : Json.List("/v1/prices", keys.SelectMany(key => account.Where("price", "$.lookup_key", key)).Select(price => price.Public()));
    }

    /// <summary>"$8.00 / month", for pages and descriptions.</summary>
    public static string Label(JsonObject price)
    {
        var amount = Money(price.Long("unit_amount"), price.Text("currency")!);
        if (price["recurring"] is not JsonObject recurring)
        {
            return amount;
        }

        var count = recurring.Long("interval_count");
        return count == 1 ? $"{amount} / {recurring.Text("interval")}" : $"{amount} every {count} {recurring.Text("interval")}s";
    }

    public static string Money(long amount, string currency)
    {
        var sign = currency switch { "usd" => "$", "eur" => "€", "gbp" => "£", _ => $"{currency.ToUpperInvariant()} " };
        // Some of Stripe's currencies without a minor unit.
        var whole = currency is "jpy" or "krw" or "vnd" or "clp";
        var digits = (Math.Abs(amount) / (whole ? 1m : 100m)).ToString(whole ? "#,0" : "#,0.00", CultureInfo.InvariantCulture);
        return $"{(amount < 0 ? "−" : "")}{sign}{digits}";
    }

    private static JsonObject Recurring(Form form) => new()
    {
        ["interval"] = form.Word("interval", "day week month year") ?? throw StripeFault.Missing("recurring[interval]"),
        ["interval_count"] = form.Long("interval_count") ?? 1,
        ["meter"] = null,
        ["trial_period_days"] = form.Long("trial_period_days"),
        ["usage_type"] = form.Word("usage_type", "licensed") ?? "licensed",
    };

    private static string? LookupKey(Account account, Form form)
    {
        if (form.Text("lookup_key") is not { } key)
        {
            return null;
        }

        foreach (var holder in account.Where("price", "$.lookup_key", key))
        {
            if (form.Flag("transfer_lookup_key") is not true)
            {
                throw StripeFault.Invalid($"A price ({holder.Id()}) already uses that lookup key.", "lookup_key");
            }

            holder["lookup_key"] = null;
            account.Save(holder, "price.updated");
        }

        return key;
    }
}
