using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Newsletter.Mailer.Providers;

/// <summary>A batch as SendGrid's mail/send takes it, written as UTF-8 at once: a thousand letters are a megabyte, and objects in between cost more than the rest of the call.</summary>
internal static class SendGridMail
{
    // Substitutions, and custom arguments, of one personalization.
    private const int MaxPersonalBytes = 10_000;
    private const int UsualPersonalBytes = 1024;

    // HTML stays readable and a third shorter; this never stands inside a page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What SendGrid would refuse the whole call for.</summary>
    public static SendOutcome? FaultOf(OutgoingLetter letter)
    {
        if (!HeaderText.IsAddress(letter.To.Address)) return new SendOutcome.Rejected(letter.Key, AddressIsBad: true, "invalid_address", "");
        return Size(letter.Substitutions) > MaxPersonalBytes || Size(letter.CustomArgs) > MaxPersonalBytes
            ? new SendOutcome.Rejected(letter.Key, AddressIsBad: false, "too_large", "")
            : null;
    }

    public static ReadOnlyMemory<byte> Of(OutgoingBatch batch, IReadOnlyList<OutgoingLetter> letters)
    {
        var buffer = new ArrayBufferWriter<byte>(2 * (batch.Html.Length + batch.Text.Length) + UsualPersonalBytes * (letters.Count + 1));
        using var json = new Utf8JsonWriter(buffer, Options);
        json.WriteStartObject();
        Person(json, "from", batch.From);
        if (batch.ReplyTo is { } reply) Person(json, "reply_to", reply);
        json.WriteString("subject", HeaderText.Value(batch.Subject));
        json.WriteStartArray("content");
        Content(json, "text/plain", batch.Text);
        Content(json, "text/html", batch.Html);
        json.WriteEndArray();
        Headers(json, batch.Headers);
        if (batch.Categories.Count > 0)
        {
            json.WriteStartArray("categories");
            foreach (var category in batch.Categories) json.WriteStringValue(category);
            json.WriteEndArray();
        }
        // Links and opens are counted by us; its unsubscribe footer would be a second one.
        json.WriteStartObject("tracking_settings");
        Off(json, "click_tracking", "enable", "enable_text");
        Off(json, "open_tracking", "enable");
        Off(json, "subscription_tracking", "enable");
        json.WriteEndObject();
        json.WriteStartArray("personalizations");
        foreach (var letter in letters) Personal(json, letter);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }

    private static void Personal(Utf8JsonWriter json, OutgoingLetter letter)
    {
        json.WriteStartObject();
        json.WriteStartArray("to");
        Person(json, null, letter.To);
        json.WriteEndArray();
        Texts(json, "substitutions", letter.Substitutions);
        Headers(json, letter.Headers, letter.MessageId);
        Texts(json, "custom_args", letter.CustomArgs);
        json.WriteEndObject();
    }

    private static void Person(Utf8JsonWriter json, string? name, MailAddress person)
    {
        if (name is null) json.WriteStartObject();
        else json.WriteStartObject(name);
        json.WriteString("email", person.Address);
        if (HeaderText.Name(person.Name) is { } called) json.WriteString("name", called);
        json.WriteEndObject();
    }

    private static void Content(Utf8JsonWriter json, string type, string value)
    {
        json.WriteStartObject();
        json.WriteString("type", type);
        json.WriteString("value", value);
        json.WriteEndObject();
    }

    private static void Headers(Utf8JsonWriter json, IReadOnlyDictionary<string, string> headers, string? messageId = null)
    {
        if (headers.Count == 0 && messageId is null) return;
        json.WriteStartObject("headers");
        foreach (var (name, value) in headers) json.WriteString(name, HeaderText.Value(value));
        if (messageId is not null) json.WriteString("Message-ID", $"<{messageId}>");
        json.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyDictionary<string, string> texts)
    {
        if (texts.Count == 0) return;
        json.WriteStartObject(name);
        foreach (var (key, value) in texts) json.WriteString(key, value);
        json.WriteEndObject();
    }

    private static void Off(Utf8JsonWriter json, string setting, params ReadOnlySpan<string> switches)
    {
        json.WriteStartObject(setting);
        foreach (var name in switches) json.WriteBoolean(name, false);
        json.WriteEndObject();
    }

    private static int Size(IReadOnlyDictionary<string, string> values) =>
        values.Sum(v => Encoding.UTF8.GetByteCount(v.Key) + Encoding.UTF8.GetByteCount(v.Value));
}
