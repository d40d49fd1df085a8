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
        JsonElement? envelope = JsonElement.Parse(body);
        var id = envelope.Text("MessageId") ?? "";
        var told = MessageOf(envelope);
        var word = told.Text("eventType") ?? told.Text("notificationType");
        if (KindOf(word, told) is not { } kind) return [null];
        var facts = told.Inner(word!.ToLowerInvariant());
        var mail = told.Inner("mail");
        var person = PersonOf(facts);
        return
        [
            new(id, kind, person.Text("emailAddress") ?? mail.First("destination")?.Text() ?? "", TimeOf(facts, mail))
            {
                Publication = Tag(mail, CustomArgs.Publication),
                Edition = Tag(mail, CustomArgs.Edition),
                Subscriber = Tag(mail, CustomArgs.Subscriber),
                Batch = Tag(mail, CustomArgs.Batch),
                Mail = Tag(mail, CustomArgs.Mail),
                Reason = ReasonOf(kind, facts, person),
                Said = kind is EventKind.Bounce or EventKind.SoftBounce or EventKind.Dropped ? FailureTexts.Plain(person.Text("diagnosticCode") ?? facts.Text("reason") ?? "") : "",
            },
        ];
    }

    private static JsonElement? MessageOf(JsonElement? envelope)
    {
        try
        {
            return envelope.Text("Message") is { } text && JsonElement.Parse(text) is { ValueKind: JsonValueKind.Object } told ? told : null;
        }
        catch (JsonException)
        {
            // SNS carries words of people too.
            return null;
        }
    }

    private static EventKind? KindOf(string? word, JsonElement? told) => word switch
    {
        "Send" => EventKind.Processed,
        "DeliveryDelay" => EventKind.Deferred,
        "Delivery" => EventKind.Delivered,
        // Transient or undetermined: a full mailbox, a letter too large. SES gives up on the letter, and the address may be good.
        "Bounce" => told.Inner("bounce").Text("bounceType") == "Permanent" ? EventKind.Bounce : EventKind.SoftBounce,
        "Reject" => EventKind.Dropped,
        "Open" => EventKind.Open,
        "Click" => EventKind.Click,
        "Complaint" => EventKind.SpamReport,
        "Subscription" => EventKind.Unsubscribe,
        _ => null,
    };

    private static string ReasonOf(EventKind kind, JsonElement? facts, JsonElement? person) => kind switch
    {
        EventKind.Bounce or EventKind.SoftBounce => MailEvent.ShortReason(person.Text("status") ?? facts.Text("bounceSubType")),
        EventKind.Dropped => MailEvent.ShortReason(facts.Text("reason")),
        _ => "",
    };

    /// <summary>A letter of ours has one recipient.</summary>
    private static JsonElement? PersonOf(JsonElement? facts) => facts.First("bouncedRecipients") ?? facts.First("complainedRecipients");

    private static DateTimeOffset TimeOf(JsonElement? facts, JsonElement? mail) =>
        DateTimeOffset.TryParse(facts.Text("timestamp") ?? mail.Text("timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var at)
            // Whole seconds, as other providers tell them: events of one second are worked out in one statement.
            ? DateTimeOffset.FromUnixTimeSeconds(at.ToUnixTimeSeconds())
            : DateTimeOffset.UnixEpoch;

    private static Guid? Tag(JsonElement? mail, string name) => Guid.TryParse(mail.Inner("tags").First(name)?.Text(), out var id) ? id : null;
}
