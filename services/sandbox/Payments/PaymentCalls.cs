using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Payments;

internal static class PaymentCalls
{
    public static JsonObject RetrieveIntent(Account account, Form form, string id) => account.Get("payment_intent", id);

    public static JsonObject ListIntents(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} customer"), "payment_intent", "/v1/payment_intents", ("$.customer", form.Text("customer")));

    public static JsonObject RetrieveCharge(Account account, Form form, string id) => account.Get("charge", id);

    public static JsonObject ListCharges(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} customer payment_intent"), "charge", "/v1/charges",
        ("$.customer", form.Text("customer")), ("$.payment_intent", form.Text("payment_intent")));
}
