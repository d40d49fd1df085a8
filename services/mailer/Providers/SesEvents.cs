using System.Globalization;
using System.Text.Json;
using Newsletter.Mailer.Figures;

namespace Newsletter.Mailer.Providers;

/// <summary>
/// The meaning of what SES publishes to SNS: an envelope with one event as text in it. Our tags come back as lists beside the message's headers; only the
/// events of a configuration set carry them.
/// </summary>
internal static class SesEvents
{
    public static IEnumerable<MailEvent?> In(string body)
    {
        var envelope = JsonElement.Parse(body);
        var id = Text(envelope, "MessageId") ?? "";
        if (MessageOf(envelope) is not { } told) return [null];
        var word = Text(told, "eventType") ?? Text(told, "notificationType");
        if (KindOf(word, told) is not { } kind) return [null];
        var facts = Inner(told, word!.ToLowerInvariant());
        var mail = Inner(told, "mail");
        var person = PersonOf(facts);
        return
        [
            new(id, kind, Text(person, "emailAddress") ?? First(mail, "destination") ?? "", TimeOf(facts, mail))
            {
                Publication = Tag(mail, CustomArgs.Publication),
                Edition = Tag(mail, CustomArgs.Edition),
                Subscriber = Tag(mail, CustomArgs.Subscriber),
                Batch = Tag(mail, CustomArgs.Batch),
                Mail = Tag(mail, CustomArgs.Mail),
                Reason = ReasonOf(kind, facts, person),
                Said = kind is EventKind.Bounce or EventKind.Blocked or EventKind.Dropped ? FailureTexts.Plain(Text(person, "diagnosticCode") ?? Text(facts, "reason") ?? "") : "",
            },
        ];
    }

    private static JsonElement? MessageOf(JsonElement envelope)
    {
        try
        {
            return Text(envelope, "Message") is { } text && JsonElement.Parse(text) is { ValueKind: JsonValueKind.Object } told ? told : null;
        }
        catch (JsonException)
        {
            // SNS carries words of people too.
            return null;
        }
    }

    private static EventKind? KindOf(string? word, JsonElement told) => word switch
    {
        "Send" => EventKind.Processed,
        "DeliveryDelay" => EventKind.Deferred,
        "Delivery" => EventKind.Delivered,
        // A full mailbox or a server's policy: SES gives up on the letter, and the address may be good.
        "Bounce" => Text(Inner(told, "bounce"), "bounceType") == "Permanent" ? EventKind.Bounce : EventKind.Blocked,
        "Reject" => EventKind.Dropped,
        "Open" => EventKind.Open,
        "Click" => EventKind.Click,
        "Complaint" => EventKind.SpamReport,
        "Subscription" => EventKind.Unsubscribe,
        _ => null,
    };

    private static string ReasonOf(EventKind kind, JsonElement? facts, JsonElement? person) => kind switch
    {
        EventKind.Bounce or EventKind.Blocked => MailEvent.ShortReason(Text(person, "status") ?? Text(facts, "bounceSubType")),
        EventKind.Dropped => MailEvent.ShortReason(Text(facts, "reason")),
        _ => "",
    };

    /// <summary>A letter of ours has one recipient.</summary>
    private static JsonElement? PersonOf(JsonElement? facts)
    {
        foreach (var list in (string[])["bouncedRecipients", "complainedRecipients"])
        {
            if (facts is { } known && known.TryGetProperty(list, out var people) && people.ValueKind == JsonValueKind.Array && people.GetArrayLength() > 0) return people[0];
        }
        return null;
    }

    private static DateTimeOffset TimeOf(JsonElement? facts, JsonElement? mail) =>
        DateTimeOffset.TryParse(Text(facts, "timestamp") ?? Text(mail, "timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            // Whole seconds, as other providers tell them: events of one second are worked out in one statement.
            ? DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds())
            : DateTimeOffset.UnixEpoch;

    private static Guid? Tag(JsonElement? mail, string name) => Guid.TryParse(First(Inner(mail, "tags"), name), out var id) ? id : null;

    private static string? First(JsonElement? owner, string list) =>
        owner is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(list, out var values) && values.ValueKind == JsonValueKind.Array && values.GetArrayLength() > 0
            && values[0].ValueKind == JsonValueKind.String ? values[0].GetString() : null;

    private static JsonElement? Inner(JsonElement? owner, string name) =>
        owner is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static string? Text(JsonElement? owner, string name) =>
        owner is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
