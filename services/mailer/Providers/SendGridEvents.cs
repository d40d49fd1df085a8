using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Newsletter.Mailer.Figures;

namespace Newsletter.Mailer.Providers;

/// <summary>The meaning of SendGrid's events; custom arguments arrive beside its own keys.</summary>
internal static class SendGridEvents
{
    /// <summary>A call is an array of them.</summary>
    public static IEnumerable<MailEvent?> In(string body)
    {
        using var document = JsonDocument.Parse(body);
        return [.. document.RootElement.EnumerateArray().Select(Of)];
    }

    /// <summary>Null for what is no event of mail that we know.</summary>
    private static MailEvent? Of(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Object || KindOf(element) is not { } kind) return null;
        return new(IdOf(element), kind, Text(element, "email") ?? "", TimeOf(element))
        {
            Publication = IdIn(element, CustomArgs.Publication),
            Edition = IdIn(element, CustomArgs.Edition),
            Subscriber = IdIn(element, CustomArgs.Subscriber),
            Batch = IdIn(element, CustomArgs.Batch),
            Mail = IdIn(element, CustomArgs.Mail),
            // Without a group: it drops everything to the address from then on.
            IsOfAll = Text(element, "event") == "unsubscribe",
            Reason = ReasonOf(kind, element),
            Said = kind is EventKind.Bounce or EventKind.Blocked or EventKind.Dropped ? FailureTexts.Plain(Text(element, "reason") ?? "") : "",
        };
    }

    private static EventKind? KindOf(JsonElement element) => Text(element, "event") switch
    {
        "processed" => EventKind.Processed,
        "deferred" => EventKind.Deferred,
        "delivered" => EventKind.Delivered,
        "bounce" => Text(element, "type") == "blocked" ? EventKind.Blocked : EventKind.Bounce,
        "blocked" => EventKind.Blocked,
        "dropped" => EventKind.Dropped,
        "open" => element.TryGetProperty("sg_machine_open", out var machine) && machine.ValueKind == JsonValueKind.True ? EventKind.MachineOpen : EventKind.Open,
        "click" => EventKind.Click,
        "spamreport" => EventKind.SpamReport,
        "unsubscribe" or "group_unsubscribe" => EventKind.Unsubscribe,
        _ => null,
    };

    private static string ReasonOf(EventKind kind, JsonElement element) => kind switch
    {
        EventKind.Bounce or EventKind.Blocked => MailEvent.ShortReason(Text(element, "status") is { Length: > 0 } status ? status : Text(element, "bounce_classification")),
        EventKind.Dropped => MailEvent.ShortReason(Text(element, "reason")),
        _ => "",
    };

    /// <summary>An event without an id is known again by all that it says.</summary>
    private static string IdOf(JsonElement element) =>
        Text(element, "sg_event_id") is { Length: > 0 and <= 128 } id && !id.Any(char.IsControl) ? id : Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(element.GetRawText())));

    private static DateTimeOffset TimeOf(JsonElement element) =>
        element.TryGetProperty("timestamp", out var at) && at.ValueKind == JsonValueKind.Number && at.TryGetInt64(out var seconds) && seconds is > 0 and < 253_402_300_799
            ? DateTimeOffset.FromUnixTimeSeconds(seconds)
            : DateTimeOffset.UnixEpoch;

    private static Guid? IdIn(JsonElement element, string name) => Guid.TryParse(Text(element, name), out var id) ? id : null;

    private static string? Text(JsonElement element, string name)
    {
        if (!element.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.String) return null;
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            // Half a surrogate pair, or bytes that are no UTF-8: as good as none, and no reason to lose the thousand events around it.
            return null;
        }
    }
}
