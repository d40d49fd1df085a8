using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Newsletter.Mailer.Pace;

namespace Newsletter.Mailer.Providers;

/// <summary>A letter that a refusal names, by its place in the call.</summary>
internal sealed record RefusedLetter(int Index, bool AddressIsBad)
{
    public SendOutcome Outcome(string key) => new SendOutcome.Rejected(key, AddressIsBad, "400", "");
}

/// <summary>What SendGrid's answer means for the letters of a call.</summary>
/// <param name="Refused">Single letters that were the reason why the call was refused.</param>
internal sealed record SendGridAnswer(Func<string, SendOutcome> Outcome, IReadOnlyList<RefusedLetter>? Refused = null)
{
    private const int MaxErrorBody = 64 * 1024;

    public static SendGridAnswer Lost(string code) => new(key => new SendOutcome.Unknown(key, code));

    public static SendGridAnswer TooMany(string code, TimeSpan? retryAfter) =>
        new(key => new SendOutcome.Deferred(key, code, "", retryAfter) { Holds = HoldScope.Account, HoldReason = HoldReasons.TooManyRequests });

    public static SendGridAnswer Away(string code, TimeSpan? retryAfter = null) => new(key => new SendOutcome.Deferred(key, code, "", retryAfter) { IsAway = true });

    public static async Task<SendGridAnswer> ReadAsync(HttpResponseMessage response, TimeProvider time, CancellationToken cancellation)
    {
        var status = (int)response.StatusCode;
        var code = status.ToString(CultureInfo.InvariantCulture);
        if (response.StatusCode == HttpStatusCode.Accepted)
        {
            var id = response.Headers.TryGetValues("X-Message-Id", out var ids) ? ids.FirstOrDefault() : null;
            return new(key => new SendOutcome.Accepted(key, id));
        }
        var errors = await ErrorsAsync(response.Content, cancellation);
        return status switch
        {
            429 => TooMany(code, RetryAfter(response.Headers, time) ?? RateReset(response.Headers, time)),
            // Its own words that the call failed; somebody else's (a proxy's page) say nothing about the mail.
            503 => Away(code, RetryAfter(response.Headers, time)),
            >= 500 when errors is not null => Away(code, RetryAfter(response.Headers, time)),
            400 or 413 or 415 or 422 when errors is not null => new(key => new SendOutcome.Rejected(key, false, code, ""), RefusedBy(errors)),
            // A wrong key, address or plan: its owner's to mend, and no fault of the letters.
            >= 400 and < 500 => Away(code),
            _ => Lost(code),
        };
    }

    /// <summary>Null when the body is not SendGrid's error document: HTML, half of it, something else.</summary>
    private static async Task<List<string>?> ErrorsAsync(HttpContent body, CancellationToken cancellation)
    {
        if (body.Headers.ContentLength > MaxErrorBody) return null;
        try
        {
            using var document = JsonDocument.Parse(await body.ReadAsStringAsync(cancellation));
            return document.RootElement is { ValueKind: JsonValueKind.Object } root && root.TryGetProperty("errors", out var errors) && errors.ValueKind == JsonValueKind.Array
                ? [.. errors.EnumerateArray().Select(FieldOf)]
                : null;
        }
        catch (Exception e) when (e is JsonException or HttpRequestException or IOException)
        {
            return null;
        }
    }

    private static string FieldOf(JsonElement error) =>
        error is { ValueKind: JsonValueKind.Object } && error.TryGetProperty("field", out var field) && field.ValueKind == JsonValueKind.String ? field.GetString()! : "";

    /// <summary>From fields such as <c>personalizations.3.to.0.email</c>; empty when the fault is not in single letters.</summary>
    private static List<RefusedLetter> RefusedBy(List<string> fields)
    {
        List<RefusedLetter> refused = [];
        foreach (var field in fields)
        {
            var parts = field.Replace('[', '.').Replace("]", "", StringComparison.Ordinal).Split('.');
            if (parts is not ["personalizations", var index, ..] || !int.TryParse(index, NumberStyles.None, CultureInfo.InvariantCulture, out var at)) return [];
            refused.Add(new(at, parts is [_, _, "to", .., "email"]));
        }
        return refused;
    }

    private static TimeSpan? RetryAfter(HttpResponseHeaders headers, TimeProvider time) => headers.RetryAfter switch
    {
        { Delta: { } delta } => Bounded(delta),
        { Date: { } date } => Bounded(date - time.GetUtcNow()),
        _ => null,
    };

    /// <summary>Every answer tells when its rate begins anew; only one that was too many waits for it.</summary>
    private static TimeSpan? RateReset(HttpResponseHeaders headers, TimeProvider time) =>
        headers.TryGetValues("X-RateLimit-Reset", out var resets)
        && long.TryParse(resets.FirstOrDefault(), NumberStyles.None, CultureInfo.InvariantCulture, out var reset)
        && reset is > 0 and < 253_402_300_799
            ? Bounded(DateTimeOffset.FromUnixTimeSeconds(reset) - time.GetUtcNow())
            : null;

    private static TimeSpan Bounded(TimeSpan wait) => TimeSpan.FromSeconds(Math.Clamp(wait.TotalSeconds, 1, 3600));
}
