using System.Globalization;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Webhooks;

/// <summary>Takes what SES tells through an SNS topic: only the account's own topic, only what SNS signed. Written down as it came; what it means is worked out afterwards.</summary>
internal static class SesWebhook
{
    // SNS carries at most 256 KB, and as JSON in JSON at most twice that.
    private const int MaxBody = 1 << 20;

    public static void MapSesWebhook(this IEndpointRouteBuilder app)
    {
        app.MapPost("/webhooks/ses", (HttpContext http, Intake intake) => intake.TakeAsync(http, "")).TakesMessages();
        app.MapPost("/webhooks/ses/{account}", (string account, HttpContext http, Intake intake) => intake.TakeAsync(http, account)).TakesMessages();
    }

    private static void TakesMessages(this RouteHandlerBuilder endpoint) =>
        endpoint.ForAnyone().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxBody)).ExcludeFromDescription();

    internal sealed class Intake(IOptions<SesOptions> options, WebhookAccounts accounts, SnsMessages sns, MailerDb db, WebhookWorker worker, TimeProvider time)
    {
        /// <summary>SNS goes on trying for as long as this, under the first time; a repeated message is known by its id.</summary>
        private static readonly TimeSpan Tolerance = TimeSpan.FromDays(1);

        public async Task<Results<NoContent, ProblemHttpResult>> TakeAsync(HttpContext http, string account)
        {
            var cancellation = http.RequestAborted;
            var topic = account.Length == 0 ? options.Value.Topic : (await accounts.FindAsync(account, "ses", cancellation))?.Facts.Topic;
            if (string.IsNullOrEmpty(topic)) return Problem.NotFound("No such account takes events.");
            var body = await ReadAsync(http);
            if (SnsMessage.Of(body) is not { } message) return Problem.BadRequest("The body is no message of SNS.");
            if (message.TopicArn != topic) return Problem.BadRequest("The message is of another topic.");
            if (!IsRecent(message)) return Problem.BadRequest("The message is stale.");
            switch (await sns.IsSignedAsync(message, cancellation))
            {
                case null:
                    return Problem.Of(StatusCodes.Status503ServiceUnavailable, "The certificate cannot be fetched now.");
                case false:
                    return Problem.BadRequest("The signature is missing or wrong.");
            }
            switch (message.Type)
            {
                case SnsMessage.Confirmation:
                    return await sns.ConfirmAsync(message, cancellation) ? TypedResults.NoContent() : Problem.Of(StatusCodes.Status503ServiceUnavailable, "The subscription could not be confirmed.");
                case SnsMessage.Notification:
                    var now = time.GetUtcNow();
                    db.Add(new WebhookCall { Id = Guid.CreateVersion7(now), Provider = "ses", Account = account, Body = body, ReceivedAt = now, DueAt = now });
                    await db.SaveChangesAsync(cancellation);
                    worker.Wake();
                    break;
            }
            return TypedResults.NoContent();
        }

        private bool IsRecent(SnsMessage message) =>
            DateTimeOffset.TryParse(message.Timestamp, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at) && (time.GetUtcNow() - at).Duration() <= Tolerance;

        private static async Task<string> ReadAsync(HttpContext http)
        {
            using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
            return await reader.ReadToEndAsync(http.RequestAborted);
        }
    }
}

/// <summary>The envelope that SNS puts around what is published.</summary>
internal sealed record SnsMessage(string Type, string MessageId, string TopicArn, string Timestamp, string Message)
{
    public const string Notification = "Notification";
    public const string Confirmation = "SubscriptionConfirmation";
    private const string Goodbye = "UnsubscribeConfirmation";

    public string? Subject { get; init; }
    public string? Token { get; init; }
    public string? SubscribeUrl { get; init; }
    public string? SigningCertUrl { get; init; }
    public string? Signature { get; init; }
    public string? SignatureVersion { get; init; }

    /// <summary>Name and value, a line each, in the order that SNS signs them in.</summary>
    public string Signed => string.Concat((Type == Notification
        ? ((string Name, string? Value)[])[("Message", Message), ("MessageId", MessageId), ("Subject", Subject), ("Timestamp", Timestamp), ("TopicArn", TopicArn), ("Type", Type)]
        : [("Message", Message), ("MessageId", MessageId), ("SubscribeURL", SubscribeUrl), ("Timestamp", Timestamp), ("Token", Token), ("TopicArn", TopicArn), ("Type", Type)])
        .Where(line => line.Value is not null).Select(line => $"{line.Name}\n{line.Value}\n"));

    /// <summary>Null for what is none: no JSON, half of it, or something else.</summary>
    public static SnsMessage? Of(string body)
    {
        try
        {
            JsonElement? told = JsonElement.Parse(body);
            return told.Text("Type") is Notification or Confirmation or Goodbye && told.Text("MessageId") is { Length: > 0 } id
                ? new(told.Text("Type")!, id, told.Text("TopicArn") ?? "", told.Text("Timestamp") ?? "", told.Text("Message") ?? "")
                {
                    Subject = told.Text("Subject"),
                    Token = told.Text("Token"),
                    SubscribeUrl = told.Text("SubscribeURL"),
                    SigningCertUrl = told.Text("SigningCertURL"),
                    Signature = told.Text("Signature"),
                    SignatureVersion = told.Text("SignatureVersion"),
                }
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
