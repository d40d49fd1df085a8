using System.Net;
using Newsletter.Defaults.Problems;
using Stripe;

namespace Newsletter.Billing.Accounts;

/// <summary>Tells what Stripe's silence or refusal means to somebody who waits for a page.</summary>
internal static class StripeFailure
{
    public const string Away = "The payment service does not answer at the moment. Nothing was charged; please try again in a few minutes.";
    public const string Refused = "The payment service refused the request. Nothing was charged; the publisher has to look at it.";

    public static bool IsFailure(Exception e, CancellationToken cancellation) =>
        e is StripeException or HttpRequestException || e is OperationCanceledException && !cancellation.IsCancellationRequested;

    public static int StatusOf(Exception e) => e is StripeException { HttpStatusCode: >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError and not HttpStatusCode.TooManyRequests }
        ? StatusCodes.Status502BadGateway
        : StatusCodes.Status503ServiceUnavailable;

    public static string DetailOf(Exception e) => StatusOf(e) == StatusCodes.Status502BadGateway ? Refused : Away;

    public static IResult ToProblem(Exception e) => Problem.Of(StatusOf(e), DetailOf(e));

    /// <summary>The object is not, or no longer, in the account.</summary>
    public static bool IsMissing(StripeException e) => e.HttpStatusCode == HttpStatusCode.NotFound || e.StripeError?.Code == "resource_missing";
}
