using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Data.Sqlite;
using Newsletter.Sandbox.Storage;
using Newsletter.Sandbox.Webhooks;

namespace Newsletter.Sandbox.Mail;

/// <summary>SendGrid's <c>POST /v3/mail/send</c>.</summary>
internal static partial class MailSend
{
    private const int MaxBody = 30 * 1024 * 1024;
    private const int Rate = 10_000;

    /// <summary>The longest that a call is held which was told to time out.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(2);

    public static async Task AnswerAsync(HttpContext context, SandboxDb db, SandboxFaults faults, TimeProvider clock)
    {
        var now = clock.GetUtcNow();
        var headers = context.Response.Headers;
        headers["X-RateLimit-Limit"] = $"{Rate}";
        headers["X-RateLimit-Remaining"] = $"{Rate - 1}";
        headers["X-RateLimit-Reset"] = $"{now.ToUnixTimeSeconds() + 60}";
        var key = KeyOf(context.Request.Headers.Authorization.ToString());
        if (key is null)
        {
            await RefuseAsync(context, 401, new MailError("The provided authorization grant is invalid, expired, or revoked", null));
            return;
        }

        var fault = faults.TakeMailFault();
        if (fault is { Status: > 0 })
        {
            if (fault.Status == 429)
            {
                headers["X-RateLimit-Remaining"] = "0";
                headers["X-RateLimit-Reset"] = $"{now.ToUnixTimeSeconds() + (fault.RetryAfter ?? 1)}";
                headers.RetryAfter = fault.RetryAfter is { } seconds ? $"{seconds}" : default;
            }

            await RefuseAsync(context, fault.Status, new MailError(fault.Status == 429 ? "too many requests" : "internal error", null));
            return;
        }

        var (mail, refusal) = await ReadAsync(context);
        var errors = mail is null ? [refusal!] : MailRules.Check(mail, now.ToUnixTimeSeconds());
        if (mail is null || errors.Count > 0)
        {
            await RefuseAsync(context, refusal?.Field == "size" ? 413 : 400, [.. errors]);
            return;
        }

        var messageId = RandomNumberGenerator.GetString("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_", 22);
        await db.WriteAsync(connection => Keep(connection, mail, key, messageId, now), context.RequestAborted);
        if (fault?.TimeoutAfterAccept is true)
        {
            await Task.Delay(Silence, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            context.Abort();
            return;
        }

        await Task.Delay(faults.SendGrid.LatencyMs, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (fault?.DropAfterAccept is true)
        {
            context.Abort();
            return;
        }

        headers["X-Message-Id"] = messageId;
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private static async Task<(MailRequest? Mail, MailError? Refusal)> ReadAsync(HttpContext context)
    {
        if (context.Request.ContentLength > MaxBody)
        {
            return (null, new("The message exceeds 30 MB.", "size"));
        }

        if (context.Request.ContentType?.StartsWith("application/json", StringComparison.OrdinalIgnoreCase) is not true)
        {
            return (null, new("Content-Type should be application/json.", null));
        }

        try
        {
            return await JsonSerializer.DeserializeAsync<MailRequest>(context.Request.Body, MailJson.Options, context.RequestAborted) is { } mail
                ? (mail, null)
                : (null, new("Bad Request", null));
        }
        catch (JsonException malformed)
        {
            return (null, new("The body is not the JSON that is expected.", malformed.Path?.TrimStart('$', '.')));
        }
        catch (BadHttpRequestException large) when (large.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            return (null, new("The message exceeds 30 MB.", "size"));
        }
    }

    /// <summary>The template once, and a row for each recipient: the letter is put together when it is read.</summary>
    private static void Keep(SqliteConnection connection, MailRequest mail, string key, string messageId, DateTimeOffset now)
    {
        var template = new MailTemplate
        {
            From = mail.From,
            ReplyTo = mail.ReplyTo,
            ReplyToList = mail.ReplyToList,
            Subject = mail.Subject,
            Content = mail.Content,
            Headers = mail.Headers,
            Categories = mail.Categories,
            CustomArgs = mail.CustomArgs,
            SendAt = mail.SendAt,
        };
        var due = Math.Max(now.ToUnixTimeSeconds(), mail.SendAt ?? 0) * 1000;
        var id = connection.Scalar<long>(
            "INSERT INTO mails (account, message_id, at, due_at, template) VALUES ($account, $message, $at, $due, $template) RETURNING id",
            ("$account", key), ("$message", messageId), ("$at", now.ToUnixTimeMilliseconds()), ("$due", due),
            ("$template", JsonSerializer.SerializeToUtf8Bytes(template, MailJson.Options)));

        using var insert = connection.CreateCommand();
        insert.CommandText = "INSERT INTO mail_recipients (mail_id, address, personalization) VALUES ($mail, $address, $personalization)";
        insert.Parameters.AddWithValue("$mail", id);
        var address = insert.Parameters.Add("$address", SqliteType.Text);
        var body = insert.Parameters.Add("$personalization", SqliteType.Blob);
        foreach (var personalization in mail.Personalizations!)
        {
            body.Value = JsonSerializer.SerializeToUtf8Bytes(personalization, MailJson.Options);
            foreach (var recipient in personalization.Recipients)
            {
                address.Value = recipient.Email!.ToLowerInvariant();
                insert.ExecuteNonQuery();
            }
        }
    }

    private static string? KeyOf(string authorization) => Bearer().Match(authorization) is { Success: true } match
        ? Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(match.Groups[1].Value)))[..16]
        : null;

    private static Task RefuseAsync(HttpContext context, int status, params MailError[] errors)
    {
        context.Response.StatusCode = status;
        return context.Response.WriteAsJsonAsync(new { errors }, context.RequestAborted);
    }

    [GeneratedRegex(@"^Bearer (SG\.\S{1,200})$")]
    private static partial Regex Bearer();
}
