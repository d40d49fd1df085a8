using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Sandbox.Checkout;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.Payments;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.StripeApi;
using Newsletter.Sandbox.Subscriptions;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox.Home;

internal sealed record RetryPayment(bool Succeeds = true, bool Final = false);

internal sealed record CompleteCheckout(string? Email = null, string? Name = null, string? Card = null);

internal sealed record CloseDispute(bool Won = false);

/// <summary>What takes a month, a bank or bad luck at Stripe: for tests and for trying things out.</summary>
internal static class StripeControls
{
    public static void MapStripeControls(this IEndpointRouteBuilder app)
    {
        var stripe = app.MapGroup("/sandbox/api/stripe").ExcludeFromDescription();
        stripe.MapPost("/subscriptions/{id}/advance", AdvanceAsync);
        stripe.MapPost("/subscriptions/{id}/fail-next-payment", FailNextPaymentAsync);
        stripe.MapPost("/subscriptions/{id}/retry-payment", RetryPaymentAsync);
        stripe.MapPost("/checkout/{id}/complete", CompleteCheckoutAsync);
        stripe.MapPost("/charges/{id}/dispute", DisputeAsync);
        stripe.MapPost("/disputes/{id}/close", CloseDisputeAsync);
        stripe.MapPost("/events/{id}/resend", ResendAsync);
        stripe.MapGet("/faults", (SandboxFaults faults) => faults.Stripe);
        stripe.MapPost("/faults", SetFaults);

        // The same for the buttons of the home page.
        var buttons = app.MapGroup("/sandbox/controls").ExcludeFromDescription().AddEndpointFilter(ThenHome);
        buttons.MapPost("/subscriptions/{id}/advance", AdvanceAsync);
        buttons.MapPost("/subscriptions/{id}/fail-next-payment", FailNextPaymentAsync);
        buttons.MapPost("/events/{id}/resend", ResendAsync);
    }

    private static Task<IResult> AdvanceAsync(string id, StripeCall stripe, CancellationToken cancel) =>
        OnSubscriptionAsync(id, stripe, SubscriptionCycle.Advance, cancel);

    private static Task<IResult> FailNextPaymentAsync(string id, StripeCall stripe, CancellationToken cancel) =>
        OnSubscriptionAsync(id, stripe, (account, subscription) =>
        {
            SubscriptionCycle.UseCard(account, subscription, TestCard.FailsLater, payOpen: false);
            return subscription;
        }, cancel);

    private static async Task<IResult> ResendAsync(string id, SandboxDb db, TimeProvider clock, CancellationToken cancel)
    {
        var known = await db.WriteAsync(
            connection =>
            {
                if (connection.Scalar<string>("SELECT id FROM stripe_events WHERE id = $id", ("$id", id)) is null)
                {
                    return false;
                }

                WebhookQueue.Add(connection, WebhookQueue.Stripe, clock.GetUtcNow().ToUnixTimeMilliseconds(), id);
                return true;
            },
            cancel);
        return known ? TypedResults.Accepted((string?)null) : TypedResults.NotFound();
    }

    private static Task<IResult> RetryPaymentAsync(string id, RetryPayment how, StripeCall stripe, CancellationToken cancel) =>
        OnSubscriptionAsync(id, stripe, (account, subscription) =>
        {
            if (how.Succeeds)
            {
                SubscriptionCycle.UseCard(account, subscription, TestCard.Good, payOpen: true);
                return account.Get("subscription", id);
            }

            foreach (var invoice in SubscriptionCycle.OpenInvoices(account, subscription))
            {
                SubscriptionCycle.PayOpen(account, invoice);
            }

            return how.Final ? SubscriptionCycle.End(account, subscription, "payment_failed") : subscription;
        }, cancel);

    private static async Task<IResult> CompleteCheckoutAsync(string id, CompleteCheckout how, StripeCall stripe, CancellationToken cancel)
    {
        var card = how.Card is null ? TestCard.Good : TestCard.ByNumber(how.Card) ?? throw StripeFault.Invalid("That is not one of the test cards.", "card");
        return Answer(await stripe.OnAccountOfAsync(
            id,
            account =>
            {
                var session = CheckoutSessions.Current(account, id);
                var email = how.Email ?? (session["customer_details"] as JsonObject)?.Text("email") ?? "visitor@example.com";
                var (outcome, message) = CheckoutCompletion.Pay(account, id, email, how.Name, card, authenticated: true);
                return outcome == CheckoutOutcome.Paid
                    ? new JsonObject { ["redirect"] = message, ["session"] = account.Get("checkout.session", id).Public() }
                    : throw new StripeFault(outcome == CheckoutOutcome.Declined ? 402 : 409, "card_error", message);
            },
            cancel));
    }

    private static async Task<IResult> DisputeAsync(string id, StripeCall stripe, CancellationToken cancel) =>
        Answer(await stripe.OnAccountOfAsync(id, account => Disputes.Open(account, id), cancel));

    private static async Task<IResult> CloseDisputeAsync(string id, CloseDispute how, StripeCall stripe, CancellationToken cancel) =>
        Answer(await stripe.OnAccountOfAsync(id, account => Disputes.Close(account, id, how.Won), cancel));

    private static Ok<StripeFaults> SetFaults(StripeFaults wanted, SandboxFaults faults)
    {
        faults.Stripe = wanted;
        return TypedResults.Ok(wanted);
    }

    private static async Task<IResult> OnSubscriptionAsync(
        string id, StripeCall stripe, Func<Account, JsonObject, JsonObject> act, CancellationToken cancel) =>
        Answer(await stripe.OnAccountOfAsync(id, account => act(account, account.Get("subscription", id)), cancel));

    private static IResult Answer(JsonObject? answer) => answer is null ? TypedResults.NotFound() : TypedResults.Ok(answer.Public());

    private static async ValueTask<object?> ThenHome(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        await next(context);
        return TypedResults.Redirect("/sandbox");
    }
}
