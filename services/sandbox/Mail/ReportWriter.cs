using System.Buffers.Text;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace Newsletter.Sandbox.Mail;

/// <summary>A letter as its events need it.</summary>
internal sealed record ReportedLetter(string MessageId, long Id, string Address, MailTemplate Template, Personalization Personal);

/// <summary>One event in SendGrid's shape.</summary>
internal static partial class ReportWriter
{
    /// <param name="seed">The same seed gives the same event id, whenever the event is told again.</param>
    public static void Write(Utf8JsonWriter writer, ReportedLetter letter, string kind, long at, string? url, string seed, string? reason = null)
    {
        writer.WriteStartObject();
        writer.WriteString("email", letter.Address);
        writer.WriteNumber("timestamp", at);
        writer.WriteString("event", kind switch { "blocked" or "latebounce" => "bounce", "machine_open" => "open", _ => kind });
        writer.WriteString("sg_event_id", Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(seed)).AsSpan(0, 16)));
        if (kind != "latebounce")
        {
            writer.WriteString("sg_message_id", $"{letter.MessageId}.sandbox-{letter.Id}.0");
            writer.WriteString("smtp-id", $"<{letter.MessageId}@sandbox.example>");
        }

        if (letter.Template.Categories is [var category])
        {
            writer.WriteString("category", category);
        }
        else if (letter.Template.Categories is { Count: > 1 } categories)
        {
            writer.WritePropertyName("category");
            JsonSerializer.Serialize(writer, categories);
        }

        Details(writer, letter, kind, url, reason);
        foreach (var (name, value) in letter.Personal.CustomArgs ?? [])
        {
            writer.WriteString(name, value);
        }

        foreach (var (name, value) in letter.Template.CustomArgs ?? [])
        {
            if (letter.Personal.CustomArgs?.ContainsKey(name) is not true)
            {
                writer.WriteString(name, value);
            }
        }

        writer.WriteEndObject();
    }

    private static void Details(Utf8JsonWriter writer, ReportedLetter letter, string kind, string? url, string? reason)
    {
        switch (kind)
        {
            case "delivered":
                Texts(writer, ("response", "250 OK sandbox"), ("ip", "192.0.2.1"));
                writer.WriteNumber("tls", 1);
                break;
            case "deferred":
                Texts(writer, ("response", "450 4.2.1 try again later"), ("attempt", "1"));
                break;
            case "dropped":
                Texts(writer, ("reason", "Bounced Address"), ("status", "5.0.0"));
                break;
            case "bounce" or "latebounce":
                Texts(writer, ("type", "bounce"), ("status", "5.1.1"), ("reason", reason ?? "550 5.1.1 The email account does not exist."), ("bounce_classification", "Invalid Address"));
                break;
            case "blocked":
                Texts(writer, ("type", "blocked"), ("status", "5.7.1"), ("reason", reason ?? "550 5.7.1 Refused by policy."), ("bounce_classification", "Reputation"));
                break;
            case "open" or "machine_open":
                Texts(writer, ("useragent", "Mozilla/5.0 (sandbox)"), ("ip", "192.0.2.2"));
                writer.WriteBoolean("sg_machine_open", kind == "machine_open");
                break;
            case "click":
                Texts(writer, ("useragent", "Mozilla/5.0 (sandbox)"), ("ip", "192.0.2.2"), ("url", url ?? FirstLink(letter.Template) ?? "https://example.com/"));
                break;
        }
    }

    private static void Texts(Utf8JsonWriter writer, params ReadOnlySpan<(string Name, string Value)> texts)
    {
        foreach (var (name, value) in texts)
        {
            writer.WriteString(name, value);
        }
    }

    private static string? FirstLink(MailTemplate template) =>
        template.Content!.FirstOrDefault(part => part.Type == "text/html")?.Value is { } html && Link().Match(html) is { Success: true } match
            ? WebUtility.HtmlDecode(match.Groups[1].Value)
            : null;

    [GeneratedRegex("href=[\"'](https?://[^\"']+)[\"']", RegexOptions.IgnoreCase)]
    private static partial Regex Link();
}
