using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.Invoices;
using Newsletter.Sandbox.Layout;
using Newsletter.Sandbox.StripeApi;
using Newsletter.Sandbox.Subscriptions;

namespace Newsletter.Sandbox.Portal;

/// <summary>The pages that stand where Stripe's customer portal and its receipts would.</summary>
internal static class PortalEndpoints
{
    public static void MapPortal(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("/sandbox").ExcludeFromDescription();
        pages.MapGet("/portal/{id}", Show);
        pages.MapPost("/portal/{id}/{subscription}/cancel", CancelAsync);
        pages.MapPost("/portal/{id}/{subscription}/resume", ResumeAsync);
        pages.MapPost("/portal/{id}/{subscription}/switch", SwitchAsync);
        pages.MapPost("/portal/{id}/{subscription}/card", CardAsync);
        pages.MapGet("/invoices/{id}", Invoice);
        pages.MapGet("/receipts/{id}", Receipt);
    }

    private static Results<RazorComponentResult, NotFound> Show(string id, string? done, StripeCall stripe) =>
        stripe.ReadAccountOf(id, account => PortalView.Of(account, id)) is { } view
            ? SandboxPages.Show<PortalPage>(new() { ["View"] = view, ["Done"] = done })
            : TypedResults.NotFound();

    private static Task<Results<RedirectHttpResult, NotFound>> CancelAsync(
        string id, string subscription, StripeCall stripe, CancellationToken cancel) =>
        ActAsync(stripe, id, subscription, "cancelled", (account, view, chosen) =>
        {
            view.Require("subscription_cancel");
            if (view.Feature("subscription_cancel").Text("mode") == "immediately")
            {
                SubscriptionCycle.End(account, chosen, "cancellation_requested");
                return;
            }

            SubscriptionCalls.CancelAt(account, chosen, Period.End(chosen), atPeriodEnd: true);
            account.Save(chosen, "customer.subscription.updated");
        }, cancel);

    private static Task<Results<RedirectHttpResult, NotFound>> ResumeAsync(
        string id, string subscription, StripeCall stripe, CancellationToken cancel) =>
        ActAsync(stripe, id, subscription, "resumed", (account, view, chosen) =>
        {
            SubscriptionCalls.CancelAt(account, chosen, null, atPeriodEnd: false);
            account.Save(chosen, "customer.subscription.updated");
        }, cancel);

    private static async Task<Results<RedirectHttpResult, NotFound>> SwitchAsync(
        string id, string subscription, HttpRequest request, StripeCall stripe, CancellationToken cancel)
    {
        var wanted = (await request.ReadFormAsync(cancel))["price"].ToString();
        return await ActAsync(stripe, id, subscription, "switched", (account, view, chosen) =>
        {
            view.Require("subscription_update");
            var item = chosen.Data("items").First();
            var price = PortalConfigurations.PricesFor(account, view.Configuration, item.Object("price")).FirstOrDefault(offer => offer.Id() == wanted)
                ?? throw StripeFault.NoSuch("price", wanted, "price");
            SubscriptionChange.Apply(
                account, chosen, [(item, price, item.Long("quantity"))], view.Feature("subscription_update").Text("proration_behavior")!);
            account.Save(chosen, "customer.subscription.updated");
        }, cancel);
    }

    private static async Task<Results<RedirectHttpResult, NotFound>> CardAsync(
        string id, string subscription, HttpRequest request, StripeCall stripe, CancellationToken cancel)
    {
        var card = TestCard.ByNumber((await request.ReadFormAsync(cancel))["card"]) ?? TestCard.Good;
        return await ActAsync(stripe, id, subscription, "card", (account, view, chosen) =>
        {
            view.Require("payment_method_update");
            SubscriptionCycle.UseCard(account, chosen, card, payOpen: true);
        }, cancel);
    }

    private static Results<RazorComponentResult, NotFound> Invoice(string id, StripeCall stripe) =>
        stripe.ReadAccountOf(id, account => account.Get("invoice", id)) is { } invoice
            ? SandboxPages.Show<InvoicePage>(new() { ["Invoice"] = invoice })
            : TypedResults.NotFound();

    private static Results<RazorComponentResult, NotFound> Receipt(string id, StripeCall stripe) =>
        stripe.ReadAccountOf(id, account => account.Get("charge", id)) is { } charge
            ? SandboxPages.Show<ReceiptPage>(new() { ["Charge"] = charge })
            : TypedResults.NotFound();

    private static async Task<Results<RedirectHttpResult, NotFound>> ActAsync(
        StripeCall stripe, string id, string subscription, string done, Action<Account, PortalView, JsonObject> act, CancellationToken cancel)
    {
        var back = await stripe.OnAccountOfAsync(
            id,
            account =>
            {
                var view = PortalView.Of(account, id);
                var chosen = account.Get("subscription", subscription);
                if (chosen.Text("customer") != view.Session.Text("customer") || !SubscriptionCycle.IsLive(chosen))
                {
                    throw StripeFault.NoSuch("subscription", subscription, "subscription");
                }

                act(account, view, chosen);
                return $"/sandbox/portal/{id}?done={done}";
            },
            cancel);
        return back is null ? TypedResults.NotFound() : TypedResults.Redirect(back);
    }
}
