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

/// <summary>Takes SendGrid's events: verified, written down as they came, acknowledged; what they mean is worked out afterwards.</summary>
internal static class SendGridWebhook
{
    // A thousand events have 0.5 to 1 MB.
    private const int MaxBody = 8 << 20;

    public static void MapSendGridWebhook(this IEndpointRouteBuilder app)
    {
        app.MapPost("/webhooks/sendgrid", (HttpContext http, Intake intake) => intake.TakeAsync(http, "")).TakesEvents();
        app.MapPost("/webhooks/sendgrid/{account}", (string account, HttpContext http, Intake intake) => intake.TakeAsync(http, account)).TakesEvents();
    }

    private static void TakesEvents(this RouteHandlerBuilder endpoint) =>
        endpoint.ForAnyone().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxBody)).ExcludeFromDescription();

    internal sealed class Intake(IOptions<SendGridOptions> options, WebhookAccounts accounts, MailerDb db, WebhookWorker worker, TimeProvider time)
    {
        public async Task<Results<NoContent, ProblemHttpResult>> TakeAsync(HttpContext http, string account)
        {
            var named = options.Value.WebhookKeyOf(account) ?? (await accounts.FindAsync(account, "sendgrid", http.RequestAborted))?.Facts.WebhookKey;
            if (named is not { Length: > 0 } key) return Problem.NotFound("No such account takes events.");
            if (http.Request.ContentLength > MaxBody) return Problem.Of(StatusCodes.Status413PayloadTooLarge, "The body is too large.");
            var body = await ReadAsync(http);
            var headers = http.Request.Headers;
            var isGood = SendGridSignature.IsGood(
                key, headers[SendGridSignature.SignatureHeader], headers[SendGridSignature.TimestampHeader], body, time.GetUtcNow(), options.Value.WebhookTolerance);
            if (!isGood) return Problem.BadRequest("The signature is missing, wrong or stale.");
            if (!IsArray(body)) return Problem.BadRequest("The body is not a JSON array of events.");

            var now = time.GetUtcNow();
            db.Add(new WebhookCall { Id = Guid.CreateVersion7(now), Provider = "sendgrid", Account = account, Body = Encoding.UTF8.GetString(body), ReceivedAt = now, DueAt = now });
            await db.SaveChangesAsync(http.RequestAborted);
            worker.Wake();
            return TypedResults.NoContent();
        }

        private static async Task<byte[]> ReadAsync(HttpContext http)
        {
            using var buffer = new MemoryStream((int)Math.Min(http.Request.ContentLength ?? 0, MaxBody));
            await http.Request.Body.CopyToAsync(buffer, http.RequestAborted);
            return buffer.ToArray();
        }

        private static bool IsArray(ReadOnlySpan<byte> body)
        {
            var reader = new Utf8JsonReader(body);
            try
            {
                if (!reader.Read() || reader.TokenType != JsonTokenType.StartArray) return false;
                reader.Skip();
                return !reader.Read();
            }
            catch (JsonException)
            {
                return false;
            }
        }
    }
}
