using System.Text.Json.Nodes;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.Invoices;
using Newsletter.Sandbox.Payments;
using Newsletter.Sandbox.StripeApi;
using Newsletter.Sandbox.Subscriptions;

namespace Newsletter.Sandbox.Checkout;

internal enum CheckoutOutcome
{
    Paid,
    Declined,
    NeedsAuthentication,
    Closed,
}

/// <summary>The buyer's side: with which card, and what comes of it.</summary>
internal static class CheckoutCompletion
{
    public static (CheckoutOutcome Outcome, string Message) Pay(
        Account account, string sessionId, string email, string? name, TestCard card, bool authenticated)
    {
        var session = CheckoutSessions.Current(account, sessionId);
        if (session.Text("status") != "open")
        {
            return (CheckoutOutcome.Closed, "This checkout is no longer open.");
        }

        if (card.Behaviour == CardBehaviour.Declined)
        {
            return (CheckoutOutcome.Declined, card.DeclineMessage);
        }

        if (card.Behaviour == CardBehaviour.NeedsAction && !authenticated)
        {
            return (CheckoutOutcome.NeedsAuthentication, "");
        }

        var customer = session.Text("customer") is { } known
            ? account.Find(known)!
            : CustomerCalls.Make(account, email, name);
        var method = PaymentMethods.Attach(account, customer, card);
        if (session.Text("mode") == "subscription")
        {
            Subscribe(account, session, customer, method);
        }
        else
        {
            PayOnce(account, session, customer, method);
        }

        session["customer"] = customer.Id();
        session["customer_details"] = CheckoutSessions.CustomerDetails(email, name);
        session["status"] = "complete";
        session["payment_status"] = session.Long("amount_total") == 0 ? "no_payment_required" : "paid";
        session["url"] = null;
        account.Told(account.Save(session), "checkout.session.completed");
        return (CheckoutOutcome.Paid, SuccessUrl(session));
    }

    public static string SuccessUrl(JsonObject session) =>
        session.Text("success_url")!.Replace("{CHECKOUT_SESSION_ID}", session.Id(), StringComparison.Ordinal);

    private static void Subscribe(Account account, JsonObject session, JsonObject customer, JsonObject method)
    {
        var items = session["_line_items"]!.AsArray().Select(line => line!.AsObject())
            .Select(line => (line.Object("price").Clone(), line.Long("quantity"))).ToList();
        var subscription = SubscriptionStart.Begin(account, customer, new(items, session.Object("_metadata"))
        {
            TrialEnd = session["_trial_end"] is JsonValue end ? (long)end : null,
            Coupon = session.Text("_coupon") is { } coupon ? account.Find(coupon) : null,
            Description = session.Text("_description"),
            Method = method.Id(),
            Session = session.Id(),
        });
        session["subscription"] = subscription.Id();
        session["invoice"] = subscription.Text("latest_invoice");
    }

    private static void PayOnce(Account account, JsonObject session, JsonObject customer, JsonObject method)
    {
        var lines = session["_line_items"]!.AsArray().Select(line => line!.AsObject()).ToList();
        if (session.Flag("_invoice"))
        {
            var invoice = Invoicing.Issue(
                account, customer, null,
                [.. lines.Select(line => new InvoiceLine(
                    line.Long("amount_total"), line.Text("description")!, line.Object("price"), line.Long("quantity"), account.Now, account.Now))],
                "manual",
                inCheckout: true);
            session["invoice"] = invoice.Id();
            session["payment_intent"] = account.Where("invoice_payment", "$.invoice", invoice.Id())
                .FirstOrDefault()?.Object("payment").Text("payment_intent");
            return;
        }

        var order = new ChargeOrder(
            customer, method, session.Long("amount_total"), session.Text("currency")!,
            session.Text("_description") ?? lines[0].Text("description")!, session.Object("_metadata"));
        var intent = CardPayment.Intend(account, order);
        CardPayment.Attempt(account, intent, order, inCheckout: true);
        session["payment_intent"] = intent.Id();
    }
}
