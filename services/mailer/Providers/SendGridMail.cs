using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.IO;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>A batch as SendGrid's mail/send takes it, written as UTF-8 at once: a thousand letters are a megabyte, and objects in between cost more than the rest of the call.</summary>
internal static class SendGridMail
{
    // Substitutions, and custom arguments, of one personalization.
    private const int MaxPersonalBytes = PersonalList.MostSubstituted;
    private const int MostBytesOfChar = 3;

    // A call's megabyte would be garbage of the costly kind. As many as are in flight at once are kept.
    private static readonly RecyclableMemoryStreamManager Buffers = new(new() { MaximumSmallPoolFreeBytes = 16 << 20 });

    // HTML stays readable and a third shorter; this never stands inside a page.
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What SendGrid would refuse the whole call for.</summary>
    public static SendOutcome? FaultOf(OutgoingLetter letter)
    {
        if (!HeaderText.IsAddress(letter.To.Address)) return new SendOutcome.Rejected(letter.Key, AddressIsBad: true, "invalid_address", "");
        return Fits(letter.Substitutions) && Fits(letter.CustomArgs) ? null : new SendOutcome.Rejected(letter.Key, AddressIsBad: false, "too_large", "");
    }

    /// <returns>At its beginning; the caller ends it.</returns>
    public static Stream Of(SendGridCall call)
    {
        var batch = call.Batch;
        var mail = Buffers.GetStream();
        using var json = new Utf8JsonWriter((IBufferWriter<byte>)mail, Options);
        json.WriteStartObject();
        Person(json, "from", batch.From);
        if (batch.ReplyTo is { } reply) Person(json, "reply_to", reply);
        json.WriteString("subject", HeaderText.Value(batch.Subject));
        json.WriteStartArray("content");
        Content(json, "text/plain", call.Text);
        Content(json, "text/html", call.Html);
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
        foreach (var letter in call.Letters) Personal(json, letter, call.Own);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        mail.Position = 0;
        return mail;
    }

    private static void Personal(Utf8JsonWriter json, OutgoingLetter letter, Action<Utf8JsonWriter, OutgoingLetter>? own)
    {
        json.WriteStartObject();
        json.WriteStartArray("to");
        Person(json, null, letter.To);
        json.WriteEndArray();
        json.WriteStartObject("substitutions");
        foreach (var (placeholder, value) in letter.Substitutions) json.WriteString(placeholder, value);
        own?.Invoke(json, letter);
        json.WriteEndObject();
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

    private static void Headers(Utf8JsonWriter json, IReadOnlyCollection<KeyValuePair<string, string>> headers, string? messageId = null)
    {
        if (headers.Count == 0 && messageId is null) return;
        json.WriteStartObject("headers");
        foreach (var (name, value) in headers) json.WriteString(name, HeaderText.Value(value));
        if (messageId is not null) json.WriteString("Message-ID", $"<{messageId}>");
        json.WriteEndObject();
    }

    private static void Texts(Utf8JsonWriter json, string name, IReadOnlyCollection<KeyValuePair<string, string>> texts)
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

    private static bool Fits(IReadOnlyCollection<KeyValuePair<string, string>> values)
    {
        var chars = 0;
        foreach (var (name, value) in values) chars += name.Length + value.Length;
        return chars <= MaxPersonalBytes / MostBytesOfChar || values.Sum(v => Encoding.UTF8.GetByteCount(v.Key) + Encoding.UTF8.GetByteCount(v.Value)) <= MaxPersonalBytes;
    }
}
