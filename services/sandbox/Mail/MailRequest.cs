using System.Text.Json;
using System.Text.Json.Serialization;

namespace Newsletter.Sandbox.Mail;

// The body of mail/send, as far as anything here depends on it.

internal sealed record MailAddress
{
    public string? Email { get; init; }

    public string? Name { get; init; }

    public override string ToString() => string.IsNullOrEmpty(Name) ? Email ?? "" : $"{Name} <{Email}>";
}

internal sealed record MailContent
{
    public string? Type { get; init; }

    public string? Value { get; init; }
}

internal sealed record Personalization
{
    public IReadOnlyList<MailAddress>? To { get; init; }

    public IReadOnlyList<MailAddress>? Cc { get; init; }

    public IReadOnlyList<MailAddress>? Bcc { get; init; }

    public MailAddress? From { get; init; }

    public string? Subject { get; init; }

    public Dictionary<string, string>? Headers { get; init; }

    public Dictionary<string, string>? Substitutions { get; init; }

    public Dictionary<string, string>? CustomArgs { get; init; }

    public long? SendAt { get; init; }

    [JsonIgnore]
    public IEnumerable<MailAddress> Recipients => (To ?? []).Concat(Cc ?? []).Concat(Bcc ?? []);
}

/// <summary>What the letters of one call share.</summary>
internal record MailTemplate
{
    public MailAddress? From { get; init; }

    public MailAddress? ReplyTo { get; init; }

    public IReadOnlyList<MailAddress>? ReplyToList { get; init; }

    public string? Subject { get; init; }

    public IReadOnlyList<MailContent>? Content { get; init; }

    public Dictionary<string, string>? Headers { get; init; }

    public IReadOnlyList<string>? Categories { get; init; }

    public Dictionary<string, string>? CustomArgs { get; init; }

    public long? SendAt { get; init; }

    public string? TemplateId { get; init; }
}

internal sealed record MailRequest : MailTemplate
{
    public IReadOnlyList<Personalization>? Personalizations { get; init; }
}

internal static class MailJson
{
    public static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        MaxDepth = 32,
    };
}
