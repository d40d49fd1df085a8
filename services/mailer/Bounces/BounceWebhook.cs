using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Webhooks;

namespace Newsletter.Mailer.Bounces;

/// <summary>Takes raw mails that a mail server hands over: written down as they came, acknowledged; what they are is worked out afterwards.</summary>
internal static class BounceWebhook
{
    public const string Provider = "smtp";

    /// <summary>A bounce returns at most the letter, which has some 100 KB; what is larger is none.</summary>
    public const int MaxMail = 2 << 20;

    public static void MapBounces(this IEndpointRouteBuilder app)
    {
        app.MapPost("/webhooks/smtp", (HttpContext http, Intake intake) => intake.TakeAsync(http, "")).TakesMails();
        app.MapPost("/webhooks/smtp/{account}", (string account, HttpContext http, Intake intake) => intake.TakeAsync(http, account)).TakesMails();
    }

    private static void TakesMails(this RouteHandlerBuilder endpoint) =>
        endpoint.ForOwnKeys().DisableAntiforgery().WithMetadata(new RequestSizeLimitAttribute(MaxMail)).ExcludeFromDescription();

    internal sealed class Intake(IOptions<BounceOptions> options, MailerDb db, WebhookWorker worker, TimeProvider time)
    {
        public async Task<Results<NoContent, ProblemHttpResult>> TakeAsync(HttpContext http, string account)
        {
            if (options.Value.TokenOf(account) is not { Length: > 0 } token) return Problem.NotFound("No such account takes mails.");
            if (!IsShown(http, token)) return Problem.Unauthorized("The token is missing or wrong.");
            if (http.Request.ContentLength > MaxMail) return Problem.Of(StatusCodes.Status413PayloadTooLarge, "The mail is too large.");
            using var mail = new MemoryStream((int)(http.Request.ContentLength ?? 0));
            await http.Request.Body.CopyToAsync(mail, http.RequestAborted);
            if (mail.Length == 0) return Problem.BadRequest("There is no mail.");

            db.Add(CallOf(Guid.CreateVersion7(time.GetUtcNow()), account, mail, time));
            await db.SaveChangesAsync(http.RequestAborted);
            worker.Wake();
            return TypedResults.NoContent();
        }

        private static bool IsShown(HttpContext http, string token)
        {
            const string scheme = "Bearer ";
            var header = http.Request.Headers.Authorization.ToString();
            if (!header.StartsWith(scheme, StringComparison.OrdinalIgnoreCase)) return false;
            // Of one length, whatever was shown.
            return CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(header[scheme.Length..].Trim())), SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        }
    }

    public static WebhookCall CallOf(Guid id, string account, MemoryStream mail, TimeProvider time) => new()
    {
        Id = id,
        Provider = Provider,
        Account = account,
        Body = Convert.ToBase64String(mail.GetBuffer().AsSpan(0, (int)mail.Length)),
        ReceivedAt = time.GetUtcNow(),
        DueAt = time.GetUtcNow(),
    };
}
