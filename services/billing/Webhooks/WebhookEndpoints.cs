using Microsoft.AspNetCore.Mvc;
using Newsletter.Billing.Accounts;
using Newsletter.Billing.Storage;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Billing.Webhooks;

internal static class WebhookEndpoints
{
    private const int LargestBody = 1 << 20;

    public static void MapWebhooks(this IEndpointRouteBuilder app)
    {
        app.MapPost("/webhooks/stripe", ReceiveForInstallation).TakesEvents();
        app.MapPost("/webhooks/stripe/{account:guid}", Receive).TakesEvents();
    }

    private static void TakesEvents(this RouteHandlerBuilder endpoint) =>
        endpoint.ForAnyone().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(LargestBody));

    private static Task<IResult> ReceiveForInstallation(
        HttpRequest request, StripeAccounts accounts, BillingDb db, SyncQueue queue, SyncSignal signal, TimeProvider time, CancellationToken cancellation) =>
        Receive(accounts.InstallationId, request, accounts, db, queue, signal, time, cancellation);

    private static async Task<IResult> Receive(
        Guid account, HttpRequest request, StripeAccounts accounts, BillingDb db, SyncQueue queue, SyncSignal signal, TimeProvider time, CancellationToken cancellation)
    {
        var payer = await accounts.FindAsync(account, cancellation);
        if (payer is null || !accounts.IsReachable(payer)) return Problem.NotFound("There is no such payment account.");
        var body = await BodyAsync(request, cancellation);
        var header = request.Headers[StripeSignature.Header].ToString();
        if (!StripeSignature.IsValid(body.Span, header, accounts.WebhookSecretOf(payer), time.GetUtcNow()))
            return Problem.BadRequest("The signature is missing, wrong or too old.");
        if (StripeEvent.Read(body) is not { } received) return Problem.BadRequest("The body is not an event.");
        if (received.Live != (payer.Mode == PaymentMode.Live)) return Problem.BadRequest("The event is of the other mode.");
        // A platform hears of all its connected accounts at one address.
        if (payer.IsConnected && received.Account != payer.StripeAccountId) return TypedResults.Ok();

        if (await KeepAsync(payer.Id, received, db, queue, cancellation))
        {
            signal.Raise();
            WebhookMetrics.Took("stripe", time.GetUtcNow() - received.CreatedAt);
        }
        return TypedResults.Ok();
    }

    /// <summary>False for an event that we had. The event and the object's new generation are saved together or not at all.</summary>
    private static async Task<bool> KeepAsync(
        Guid accountId, StripeEvent received, BillingDb db, SyncQueue queue, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (!await queue.KeepAsync(accountId, received, cancellation)) return false;
        if (received is { Kind: { } kind, ObjectId: { } objectId }) await queue.RaiseAsync(accountId, kind, objectId, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private static async Task<ReadOnlyMemory<byte>> BodyAsync(HttpRequest request, CancellationToken cancellation)
    {
        using var copy = new MemoryStream();
        await request.Body.CopyToAsync(copy, cancellation);
        return copy.GetBuffer().AsMemory(0, (int)copy.Length);
    }
}
