using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Billing.Accounts;
using Newsletter.Defaults.Identity;

namespace Newsletter.Billing.Reconciliation;

internal static class ReconciliationEndpoints
{
    public static void MapReconciliation(this IEndpointRouteBuilder app) => app.MapPost("/internal/reconcile", Reconcile).ForServices();

    private static async Task<IResult> Reconcile(Reconciler reconciler, CancellationToken cancellation)
    {
        try
        {
            return TypedResults.Ok(await reconciler.RunAsync(cancellation));
        }
        catch (Exception e) when (StripeFailure.IsFailure(e, cancellation))
        {
            return StripeFailure.ToProblem(e);
        }
    }
}

/// <param name="Different">Objects that are being brought over again.</param>
/// <param name="Refused">Accounts that Stripe would not show.</param>
internal sealed record ReconcileAnswer(int Different, int Refused);
