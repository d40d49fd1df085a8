using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;
using Newsletter.Sandbox.Subscriptions;

namespace Newsletter.Sandbox.Invoices;

internal static class InvoiceCalls
{
    public static JsonObject Retrieve(Account account, Form form, string id) => account.Get("invoice", id);

    public static JsonObject List(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} customer subscription status"), "invoice", "/v1/invoices",
        ("$.customer", form.Text("customer")),
        ("$.parent.subscription_details.subscription", form.Text("subscription")),
        ("$.status", form.Word("status", "draft open paid uncollectible void")));

    public static JsonObject Lines(Account account, Form form, string id) => account.Get("invoice", id).Object("lines");

    public static JsonObject Pay(Account account, Form form, string id)
    {
        form.Only("payment_method off_session");
        var invoice = account.Get("invoice", id);
        if (invoice.Text("status") != "open")
        {
            throw StripeFault.Invalid($"Invoice is already {invoice.Text("status")}", null, "invoice_not_open");
        }

        return SubscriptionCycle.PayOpen(account, invoice)
            ? invoice
            : throw new StripeFault(402, "card_error", "Your card was declined.", null, "card_declined", keep: true) { DeclineCode = "generic_decline" };
    }

    public static JsonObject Void(Account account, Form form, string id)
    {
        var invoice = account.Get("invoice", id);
        if (invoice.Text("status") != "open")
        {
            throw StripeFault.Invalid("You can only void an open invoice.");
        }

        invoice["status"] = "void";
        invoice["amount_remaining"] = 0;
        invoice.Object("status_transitions")["voided_at"] = account.Now;
        return account.Save(invoice, "invoice.voided");
    }

    public static JsonObject RetrievePayment(Account account, Form form, string id) => account.Get("invoice_payment", id);

    public static JsonObject ListPayments(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} invoice payment status"), "invoice_payment", "/v1/invoice_payments",
        ("$.invoice", form.Text("invoice")),
        ("$.payment.payment_intent", form.Sub("payment").Only("type payment_intent").Text("payment_intent")),
        ("$.status", form.Text("status")));

    public static JsonObject ListItems(Account account, Form form, string _) => Listing.Objects(
        account, form.Only($"{Listing.Paging} customer invoice"), "invoiceitem", "/v1/invoiceitems",
        ("$.customer", form.Text("customer")), ("$.invoice", form.Text("invoice")));
}
