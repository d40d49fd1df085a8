using System.Globalization;
using System.Text.Json;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Pace;

namespace Newsletter.Mailer.Providers;

/// <summary>What SES's answer means for a letter.</summary>
internal static class SesAnswer
{
    private const int MaxBody = 64 * 1024;

    public static async Task<SendOutcome> ReadAsync(string key, HttpResponseMessage response, TimeProvider time, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var body = await BodyAsync(response.Content, cancellation);
        if (status == 200 && body.Text("MessageId") is { Length: > 0 } id) return new SendOutcome.Accepted(key, id);
        var type = TypeOf(response, body);
        var code = type ?? status.ToString(CultureInfo.InvariantCulture);
        var text = FailureTexts.Plain(body.Text("message") ?? body.Text("Message") ?? "");
        if (status == 429 || type is "TooManyRequestsException" or "LimitExceededException" or "ThrottlingException")
            return new SendOutcome.Deferred(key, code, text, RetryAfter(response, time)) { Holds = HoldScope.Account, HoldReason = HoldReasons.TooManyRequests };
        // The account's, and no fault of the letter.
        if (status is 401 or 403 or 404 || type is "AccountSuspendedException" or "SendingPausedException") return Away(key, code, text);
        return status switch
        {
            // The second is also its word for an account that may not send from this address yet.
            >= 400 and < 500 when type == "MailFromDomainNotVerifiedException" || (type == "MessageRejected" && text.Contains("not verified", StringComparison.OrdinalIgnoreCase)) =>
                new SendOutcome.Deferred(key, code, text, null),
            >= 400 and < 500 when type is not null => new SendOutcome.Rejected(key, AddressIsBad: false, code, text),
            >= 400 and < 500 or 503 => Away(key, code, text),
            >= 500 when type is not null => Away(key, code, text),
            // Half of its words, or somebody else's: it may have taken the letter.
            _ => new SendOutcome.Unknown(key, code),
        };
    }

    private static SendOutcome.Deferred Away(string key, string code, string text) => new(key, code, text, null) { IsAway = true };

    private static TimeSpan? RetryAfter(HttpResponseMessage response, TimeProvider time)
    {
        var wait = response.Headers.RetryAfter switch
        {
            { Delta: { } delta } => delta,
            { Date: { } date } => date - time.GetUtcNow(),
            _ => (TimeSpan?)null,
        };
        return wait is { } asked ? TimeSpan.FromSeconds(Math.Clamp(asked.TotalSeconds, 1, 3600)) : null;
    }

    /// <summary>Such as <c>MessageRejected</c>: a bounded set of words, with a namespace before or a document behind in some answers.</summary>
    private static string? TypeOf(HttpResponseMessage response, JsonElement? body)
    {
        var told = response.Headers.TryGetValues("x-amzn-ErrorType", out var values) ? values.FirstOrDefault() : body.Text("__type");
        var word = told?.Split(':')[0].Split('#')[^1].Trim();
        return word is { Length: > 0 and <= 64 } && word.All(char.IsAsciiLetterOrDigit) ? word : null;
    }

    private static async Task<JsonElement?> BodyAsync(HttpContent content, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength > MaxBody) return null;
        try
        {
            return JsonElement.Parse(await content.ReadAsStringAsync(cancellation)) is { ValueKind: JsonValueKind.Object } document ? document : null;
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            return null;
        }
    }
}
