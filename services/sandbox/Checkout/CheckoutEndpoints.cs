using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Sandbox.Customers;
using Newsletter.Sandbox.Layout;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Checkout;

/// <summary>The page that stands where Stripe's hosted checkout would.</summary>
internal static class CheckoutEndpoints
{
    public static void MapCheckout(this IEndpointRouteBuilder app)
    {
        var pages = app.MapGroup("/sandbox/checkout").ExcludeFromDescription();
        pages.MapGet("/{id}", Show);
        pages.MapPost("/{id}", PayAsync);
    }

    private static Results<RazorComponentResult, NotFound> Show(string id, StripeCall stripe) =>
        stripe.ReadAccountOf(id, account => CheckoutSessions.Current(account, id)) is { } session
            ? SandboxPages.Show<CheckoutPage>(new() { ["Session"] = session, ["Values"] = new CheckoutValues(session) })
            : TypedResults.NotFound();

    private static async Task<Results<RazorComponentResult, RedirectHttpResult, NotFound>> PayAsync(
        string id, HttpRequest request, StripeCall stripe, CancellationToken cancel)
    {
        var form = await request.ReadFormAsync(cancel);
        var values = new CheckoutValues(form["email"].ToString().Trim(), form["name"].ToString().Trim(), form["card"].ToString());
        var card = TestCard.ByNumber(values.Card);
        var wrong = !values.Email.Contains('@', StringComparison.Ordinal) || values.Email.Length > 254 ? "Enter an e-mail address."
            : card is null ? "Choose a test card."
            : form["step"] == "refused" ? "We could not authenticate your card. Choose another one."
            : null;
        if (wrong is not null)
        {
            return stripe.ReadAccountOf(id, account => CheckoutSessions.Current(account, id)) is { } open
                ? Page(open, values, wrong, StatusCodes.Status422UnprocessableEntity)
                : TypedResults.NotFound();
        }

        var paid = await stripe.OnAccountOfAsync(
            id,
            account =>
            {
                var (outcome, message) = CheckoutCompletion.Pay(
                    account, id, values.Email, values.Name.Length > 0 ? values.Name : null, card!, form["step"] == "authenticated");
                return new Answer(outcome, message, account.Get("checkout.session", id));
            },
            cancel);
        return paid switch
        {
            null => TypedResults.NotFound(),
            { Outcome: CheckoutOutcome.Paid } => TypedResults.Redirect(paid.Message, permanent: false, preserveMethod: false),
            { Outcome: CheckoutOutcome.NeedsAuthentication } =>
                SandboxPages.Show<AuthenticationPage>(new() { ["Session"] = paid.Session, ["Values"] = values }),
            { Outcome: CheckoutOutcome.Declined } => Page(paid.Session, values, paid.Message, StatusCodes.Status402PaymentRequired),
            _ => Page(paid.Session, values, null, StatusCodes.Status409Conflict),
        };
    }

    private static RazorComponentResult Page(JsonObject session, CheckoutValues values, string? problem, int status) =>
        SandboxPages.Show<CheckoutPage>(new() { ["Session"] = session, ["Values"] = values, ["Problem"] = problem }, status);

    private sealed record Answer(CheckoutOutcome Outcome, string Message, JsonObject Session);
}

/// <summary>What the buyer has typed so far.</summary>
public sealed record CheckoutValues(string Email, string Name, string Card)
{
    public CheckoutValues(JsonObject session)
        : this(
            session["customer_details"] is JsonObject details ? details.Text("email") ?? "" : "",
            session["customer_details"] is JsonObject known ? known.Text("name") ?? "" : "",
            TestCard.Good.Number)
    {
    }
}
