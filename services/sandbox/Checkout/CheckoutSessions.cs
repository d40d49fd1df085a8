using System.Text.Json.Nodes;
using Newsletter.Sandbox.Catalog;
using Newsletter.Sandbox.StripeApi;
using Newsletter.Sandbox.Subscriptions;

namespace Newsletter.Sandbox.Checkout;

/// <summary>Stripe's calls around a checkout; what the buyer does is in <see cref="CheckoutCompletion"/>.</summary>
internal static class CheckoutSessions
{
    /// <summary>Taken, and shown or kept; those in the last two lines change nothing here.</summary>
    private const string Parameters =
        "mode line_items success_url cancel_url return_url customer customer_email client_reference_id metadata subscription_data payment_intent_data "
        + "invoice_creation discounts expires_at currency locale ui_mode "
        + "allow_promotion_codes automatic_tax billing_address_collection consent_collection customer_creation customer_update custom_text payment_method_types "
        + "allowed_payment_method_types payment_method_collection tax_id_collection phone_number_collection saved_payment_method_options submit_type adaptive_pricing branding_settings";

    public static JsonObject Create(Account account, Form form, string _)
    {
        form.Only(Parameters);
        var mode = form.Need("mode");
        if (mode is not ("subscription" or "payment"))
        {
            throw StripeFault.Invalid("The sandbox plays the modes subscription and payment.", "mode");
        }

        if (form.Has("customer") && form.Has("customer_email"))
        {
            throw StripeFault.Invalid("You may only specify one of these parameters: customer, customer_email.", "customer");
        }

        if (form.Text("ui_mode") is not (null or "hosted_page" or "hosted"))
        {
            throw StripeFault.Invalid("The sandbox plays the hosted page only.", "ui_mode");
        }

        var id = Account.NewId("cs_test");
        var lines = form.Forms("line_items").Select(line => CheckoutLines.Make(account, line, mode)).ToList();
        if (lines.Count == 0)
        {
            throw StripeFault.Missing("line_items");
        }

        if (lines.Select(line => line.Text("currency")).Distinct().Count() > 1)
        {
            throw StripeFault.Invalid("All line items must have the same currency.", "line_items");
        }

        var expires = form.Long("expires_at") ?? account.Now + 86_400;
        if (expires < account.Now + 1_800 || expires > account.Now + 86_400 + 60)
        {
            throw StripeFault.Invalid("The expires_at timestamp must be between 30 minutes and 24 hours from now.", "expires_at");
        }

        var session = New(account, form, id, mode, lines);
        session["expires_at"] = expires;
        return account.Add(session);
    }

    public static JsonObject Retrieve(Account account, Form form, string id) => Current(account, id);

    public static JsonObject List(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} customer subscription status payment_intent"), "checkout.session", "/v1/checkout/sessions",
        ("$.customer", form.Text("customer")), ("$.subscription", form.Text("subscription")), ("$.status", form.Text("status")),
        ("$.payment_intent", form.Text("payment_intent")));

    public static JsonObject Expire(Account account, Form form, string id)
    {
        var session = account.Get("checkout.session", id);
        return session.Text("status") == "open"
            ? Close(account, session)
            : throw StripeFault.Invalid($"Only Checkout Sessions with a status in [\"open\"] can be expired. This one is {session.Text("status")}.");
    }

    public static JsonObject LineItems(Account account, Form form, string id) => Json.List(
        $"/v1/checkout/sessions/{id}/line_items",
        account.Get("checkout.session", id)["_line_items"]!.AsArray().Select(line => line!.AsObject().Clone()));

    /// <summary>The session as it is now: one whose time has passed is expired, whoever looks first.</summary>
    public static JsonObject Current(Account account, string id)
    {
        var session = account.Get("checkout.session", id);
        if (session.Text("status") == "open" && session.Long("expires_at") <= account.Now)
        {
            session["status"] = "expired";
            session["url"] = null;
        }

        return session;
    }

    public static JsonObject Close(Account account, JsonObject session)
    {
        session["status"] = "expired";
        session["url"] = null;
        return account.Told(account.Save(session), "checkout.session.expired");
    }

    private static JsonObject New(Account account, Form form, string id, string mode, List<JsonObject> lines)
    {
        var subscription = form.Sub("subscription_data").Only("metadata description trial_period_days trial_end billing_mode trial_settings proration_behavior invoice_settings");
        var intent = form.Sub("payment_intent_data").Only("metadata description receipt_email setup_future_usage statement_descriptor");
        var coupon = Coupons.Given(account, form);
        var customer = form.Text("customer") is { } known ? account.Get("customer", known, "customer") : null;
        var trialEnd = mode == "subscription" ? SubscriptionCalls.TrialEnd(account, subscription) : null;
        var subtotal = trialEnd is null ? lines.Sum(line => line.Long("amount_subtotal")) : 0;
        var off = coupon is null ? 0 : Coupons.Off(coupon, subtotal);
        var email = customer?.Text("email") ?? form.Text("customer_email");
        return new()
        {
            ["id"] = id,
            ["object"] = "checkout.session",
            ["adaptive_pricing"] = new JsonObject { ["enabled"] = false },
            ["after_expiration"] = null,
            ["allow_promotion_codes"] = form.Flag("allow_promotion_codes"),
            ["amount_subtotal"] = subtotal,
            ["amount_total"] = subtotal - off,
            ["automatic_tax"] = new JsonObject { ["enabled"] = false, ["liability"] = null, ["provider"] = null, ["status"] = null },
            ["billing_address_collection"] = form.Text("billing_address_collection"),
            ["cancel_url"] = form.Address("cancel_url"),
            ["client_reference_id"] = form.Text("client_reference_id"),
            ["client_secret"] = null,
            ["collected_information"] = null,
            ["consent"] = null,
            ["created"] = account.Now,
            ["currency"] = lines[0].Text("currency"),
            ["custom_fields"] = new JsonArray(),
            ["customer"] = customer?.Id(),
            ["customer_creation"] = mode == "payment" ? "if_required" : "always",
            ["customer_details"] = email is null ? null : CustomerDetails(email, customer?.Text("name")),
            ["customer_email"] = form.Text("customer_email"),
            ["discounts"] = coupon is null ? [] : new JsonArray(new JsonObject { ["coupon"] = coupon.Id(), ["promotion_code"] = null }),
            ["expires_at"] = 0,
            ["invoice"] = null,
            ["livemode"] = false,
            ["locale"] = form.Text("locale"),
            ["metadata"] = form.Metadata(),
            ["mode"] = mode,
            ["payment_intent"] = null,
            ["payment_link"] = null,
            ["payment_method_collection"] = "always",
            ["payment_method_types"] = new JsonArray("card"),
            ["payment_status"] = "unpaid",
            ["recovered_from"] = null,
            ["setup_intent"] = null,
            ["status"] = "open",
            ["submit_type"] = form.Text("submit_type"),
            ["subscription"] = null,
            ["success_url"] = form.Address("success_url") ?? throw StripeFault.Missing("success_url"),
            ["total_details"] = new JsonObject { ["amount_discount"] = off, ["amount_shipping"] = 0, ["amount_tax"] = 0 },
            ["ui_mode"] = "hosted_page",
            ["url"] = account.Link($"/sandbox/checkout/{id}"),
            ["_line_items"] = Json.Array(lines),
            ["_invoice"] = mode == "payment" && form.Sub("invoice_creation").Flag("enabled") is true,
            ["_coupon"] = coupon?.Id(),
            ["_trial_end"] = trialEnd,
            ["_metadata"] = mode == "payment" ? intent.Metadata() : subscription.Metadata(),
            ["_description"] = mode == "payment" ? intent.Text("description") : subscription.Text("description"),
        };
    }

    public static JsonObject CustomerDetails(string email, string? name) => new()
    {
        ["address"] = null,
        ["email"] = email,
        ["name"] = name,
        ["phone"] = null,
        ["tax_exempt"] = "none",
        ["tax_ids"] = new JsonArray(),
    };
}
