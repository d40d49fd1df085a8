using Newsletter.Sandbox.Catalog;
using Newsletter.Sandbox.Checkout;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.Invoices;
using Newsletter.Sandbox.Payments;
using Newsletter.Sandbox.Portal;
using Newsletter.Sandbox.Subscriptions;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox.StripeApi;

/// <summary>Stripe's paths; <c>StripeClientOptions.ApiBase</c> is this group's address without <c>/v1</c>.</summary>
internal static class StripeEndpoints
{
    public static void MapStripeApi(this IEndpointRouteBuilder app)
    {
        var v1 = app.MapGroup("/sandbox/stripe/v1").ExcludeFromDescription();
        void Get(string path, StripeHandler handler) => v1.MapGet(path, StripeCall.For(handler));
        void Post(string path, StripeHandler handler) => v1.MapPost(path, StripeCall.For(handler));
        void Delete(string path, StripeHandler handler) => v1.MapDelete(path, StripeCall.For(handler));

        Get("/account", AccountDetails.Retrieve);

        Post("/customers", CustomerCalls.Create);
        Get("/customers", CustomerCalls.List);
        Get("/customers/search", CustomerCalls.Search);
        Get("/customers/{id}", CustomerCalls.Retrieve);
        Post("/customers/{id}", CustomerCalls.Update);
        Delete("/customers/{id}", CustomerCalls.Delete);
        Get("/payment_methods/{id}", PaymentMethods.Retrieve);
        Post("/payment_methods/{id}/attach", PaymentMethods.Attach);

        Post("/products", Products.Create);
        Get("/products", Products.List);
        Get("/products/{id}", Products.Retrieve);
        Post("/products/{id}", Products.Update);
        Post("/prices", Prices.Create);
        Get("/prices", Prices.List);
        Get("/prices/{id}", Prices.Retrieve);
        Post("/prices/{id}", Prices.Update);
        Post("/coupons", Coupons.Create);
        Get("/coupons", Coupons.List);
        Get("/coupons/{id}", Coupons.Retrieve);
        Delete("/coupons/{id}", Coupons.Delete);

        Post("/checkout/sessions", CheckoutSessions.Create);
        Get("/checkout/sessions", CheckoutSessions.List);
        Get("/checkout/sessions/{id}", CheckoutSessions.Retrieve);
        Post("/checkout/sessions/{id}/expire", CheckoutSessions.Expire);
        Get("/checkout/sessions/{id}/line_items", CheckoutSessions.LineItems);

        Post("/subscriptions", SubscriptionCalls.Create);
        Get("/subscriptions", SubscriptionCalls.List);
        Get("/subscriptions/{id}", SubscriptionCalls.Retrieve);
        Post("/subscriptions/{id}", SubscriptionCalls.Update);
        Delete("/subscriptions/{id}", SubscriptionCalls.Cancel);
        Get("/subscription_items", SubscriptionCalls.Items);

        Get("/invoices", InvoiceCalls.List);
        Get("/invoices/{id}", InvoiceCalls.Retrieve);
        Get("/invoices/{id}/lines", InvoiceCalls.Lines);
        Post("/invoices/{id}/pay", InvoiceCalls.Pay);
        Post("/invoices/{id}/void", InvoiceCalls.Void);
        Get("/invoice_payments", InvoiceCalls.ListPayments);
        Get("/invoice_payments/{id}", InvoiceCalls.RetrievePayment);
        Get("/invoiceitems", InvoiceCalls.ListItems);

        Get("/payment_intents", PaymentCalls.ListIntents);
        Get("/payment_intents/{id}", PaymentCalls.RetrieveIntent);
        Get("/charges", PaymentCalls.ListCharges);
        Get("/charges/{id}", PaymentCalls.RetrieveCharge);
        Post("/refunds", Refunds.Create);
        Get("/refunds", Refunds.List);
        Get("/refunds/{id}", Refunds.Retrieve);
        Get("/disputes", Disputes.List);
        Get("/disputes/{id}", Disputes.Retrieve);

        Post("/billing_portal/sessions", PortalSessions.Create);
        Post("/billing_portal/configurations", PortalConfigurations.Create);
        Get("/billing_portal/configurations", PortalConfigurations.List);
        Get("/billing_portal/configurations/{id}", PortalConfigurations.Retrieve);
        Post("/billing_portal/configurations/{id}", PortalConfigurations.Update);

        Get("/events", EventLog.List);
        Get("/events/{id}", EventLog.Retrieve);
        Post("/webhook_endpoints", WebhookEndpoints.Create);
        Get("/webhook_endpoints", WebhookEndpoints.List);
        Get("/webhook_endpoints/{id}", WebhookEndpoints.Retrieve);
        Delete("/webhook_endpoints/{id}", WebhookEndpoints.Delete);

        v1.Map("/{**path}", StripeCall.For(static (_, _, _) => throw new StripeFault(
            404, "invalid_request_error", "Unrecognized request URL: the sandbox does not imitate it.")));
    }
}
