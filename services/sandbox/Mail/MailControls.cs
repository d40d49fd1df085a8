using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox.Mail;

/// <param name="Reason">The receiving server's words, of a bounce.</param>
internal sealed record Engagement(string To, string Kind, string? Url = null, string? Reason = null);

/// <summary>What readers do with their mail, and what SendGrid does wrong, on demand.</summary>
internal static class MailControls
{
    private static readonly string[] Kinds = ["open", "machine_open", "click", "spamreport", "unsubscribe", "bounce", "blocked", "latebounce", "deferred", "delivered"];

    public static void MapMailControls(this IEndpointRouteBuilder app)
    {
        var sendGrid = app.MapGroup("/sandbox/api/sendgrid").ExcludeFromDescription();
        sendGrid.MapPost("/engage", EngageAsync);
        sendGrid.MapGet("/webhook-key", (SandboxKeys keys) => new { publicKey = keys.SendGridWebhookKey });
        sendGrid.MapGet("/faults", (SandboxFaults faults) => faults.SendGrid);
        sendGrid.MapPost("/faults", SetFaults);
    }

    private static async Task<Results<Accepted, NotFound, ProblemHttpResult>> EngageAsync(
        Engagement wanted, SandboxDb db, TimeProvider clock, CancellationToken cancel)
    {
        if (!Kinds.Contains(wanted.Kind))
        {
            return TypedResults.Problem($"kind is one of {string.Join(", ", Kinds)}.", statusCode: StatusCodes.Status400BadRequest);
        }

        var told = await db.WriteAsync(
            connection => MailReports.Engage(connection, wanted.To, wanted.Kind, wanted.Url, wanted.Reason, clock.GetUtcNow().ToUnixTimeMilliseconds()), cancel);
        return told ? TypedResults.Accepted((string?)null) : TypedResults.NotFound();
    }

    private static Ok<SendGridFaults> SetFaults(SendGridFaults wanted, SandboxFaults faults)
    {
        faults.SendGrid = wanted;
        return TypedResults.Ok(wanted);
    }
}
