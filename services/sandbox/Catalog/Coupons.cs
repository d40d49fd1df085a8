using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Catalog;

internal static class Coupons
{
    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only("id name amount_off currency percent_off duration duration_in_months max_redemptions metadata redeem_by");
        var (amount, percent) = (form.Long("amount_off"), form.Decimal("percent_off"));
        if ((amount is null) == (percent is null) || percent is <= 0 or > 100 || amount is <= 0)
        {
            throw StripeFault.Invalid("You must pass either percent_off (1 to 100) or amount_off.", "percent_off");
        }

        var duration = form.Word("duration", "forever once repeating") ?? "once";
        return account.Add(
            new()
            {
                ["id"] = form.Text("id") ?? Account.NewId("coupon")[7..15],
                ["object"] = "coupon",
                ["amount_off"] = amount,
                ["created"] = account.Now,
                ["currency"] = amount is null ? null : form.Need("currency"),
                ["duration"] = duration,
                ["duration_in_months"] = duration == "repeating" ? form.Long("duration_in_months") ?? throw StripeFault.Missing("duration_in_months") : null,
                ["livemode"] = false,
                ["max_redemptions"] = form.Long("max_redemptions"),
                ["metadata"] = form.Metadata(),
                ["name"] = form.Text("name"),
                ["percent_off"] = percent,
                ["redeem_by"] = form.Long("redeem_by"),
                ["times_redeemed"] = 0,
                ["valid"] = true,
            },
            "coupon.created");
    }

    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("coupon", id);

    public static JsonObject List(Account account, Form form, string _) =>
        Listing.Objects(account, form.Only(Listing.Paging), "coupon", "/v1/coupons");

    public static JsonObject Delete(Account account, Form form, string id)
    {
        account.Told(account.Get("coupon", id), "coupon.deleted");
        account.Remove(id);
        return new() { ["id"] = id, ["object"] = "coupon", ["deleted"] = true };
    }

    /// <summary>What a coupon takes off <paramref name="amount"/>, in minor units.</summary>
    public static long Off(JsonObject coupon, long amount) => coupon["percent_off"] is JsonValue percent
        ? (long)Math.Round(amount * (decimal)percent / 100m, MidpointRounding.AwayFromZero)
        : Math.Min(coupon.Long("amount_off"), amount);

    /// <summary>The coupons of <c>discounts[0][coupon]</c>, if they may still be used.</summary>
    public static JsonObject? Given(Account account, Form form)
    {
        var discounts = form.Forms("discounts");
        if (discounts.Count > 1)
        {
            throw StripeFault.Invalid("The sandbox takes one discount.", "discounts");
        }

        if (discounts.Count == 0)
        {
            return null;
        }

        var coupon = account.Get("coupon", discounts[0].Only("coupon").Need("coupon"), "discounts[0][coupon]");
        return IsValid(coupon, account.Now) ? coupon : throw StripeFault.Invalid("This coupon has expired or is used up.", "discounts[0][coupon]", "coupon_expired");
    }

    public static JsonObject Redeem(Account account, JsonObject coupon, string customer, string subscription, string? session)
    {
        coupon["times_redeemed"] = coupon.Long("times_redeemed") + 1;
        coupon["valid"] = IsValid(coupon, account.Now);
        account.Save(coupon, "coupon.updated");
        var months = coupon["duration_in_months"] is JsonValue given ? (int)given : 0;
        return account.Add(
            new()
            {
                ["id"] = Account.NewId("di"),
                ["object"] = "discount",
                ["checkout_session"] = session,
                ["customer"] = customer,
                ["end"] = months > 0 ? DateTimeOffset.FromUnixTimeSeconds(account.Now).AddMonths(months).ToUnixTimeSeconds() : null,
                ["invoice"] = null,
                ["invoice_item"] = null,
                ["promotion_code"] = null,
                ["source"] = new JsonObject { ["coupon"] = coupon.Id(), ["type"] = "coupon" },
                ["start"] = account.Now,
                ["subscription"] = subscription,
                ["subscription_item"] = null,
            },
            "customer.discount.created");
    }

    private static bool IsValid(JsonObject coupon, long now) =>
        (coupon["redeem_by"] is not JsonValue by || (long)by > now)
        && (coupon["max_redemptions"] is not JsonValue max || coupon.Long("times_redeemed") < (long)max);
}
