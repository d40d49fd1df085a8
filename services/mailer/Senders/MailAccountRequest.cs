using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Senders;

/// <summary>An account's credentials. A secret that is left out stays what it was, as long as the account is at the same place.</summary>
public sealed record MailAccountRequest
{
    [Required, RegularExpression("(?i)^(sendgrid|smtp|ses)$", ErrorMessage = "One of sendgrid, smtp and ses.")]
    public string Provider { get; init; } = "";

    /// <summary>SendGrid.</summary>
    [StringLength(200)]
    public string? ApiKey { get; init; }

    /// <summary>SendGrid: the public key of the signed Event Webhook, in base64.</summary>
    [StringLength(300)]
    public string? WebhookKey { get; init; }

    /// <summary>SMTP.</summary>
    [StringLength(253)]
    public string? Host { get; init; }

    [Range(1, 65535)]
    public int? Port { get; init; }

    [StringLength(200)]
    public string? Username { get; init; }

    [StringLength(500)]
    public string? Password { get; init; }

    [RegularExpression("^(startTls|tls|none)$", ErrorMessage = "One of startTls, tls and none.")]
    public string? Security { get; init; }

    /// <summary>SMTP: what names its servers in an SPF record; without it, <c>a:{host}</c>.</summary>
    [RegularExpression("^(include|a|mx|ip4|ip6|exists):[A-Za-z0-9._:/-]{1,200}$", ErrorMessage = "Such as include:spf.example.")]
    public string? Spf { get; init; }

    /// <summary>SMTP: an own key that letters of its domain are signed with.</summary>
    [StringLength(253)]
    public string? DkimDomain { get; init; }

    [RegularExpression("^[A-Za-z0-9]([A-Za-z0-9.-]{0,62}[A-Za-z0-9])?$", ErrorMessage = "A label of DNS.")]
    public string? DkimSelector { get; init; }

    /// <summary>PEM.</summary>
    [StringLength(10_000)]
    public string? DkimPrivateKey { get; init; }

    /// <summary>SES.</summary>
    [RegularExpression("^[A-Z0-9]{16,128}$", ErrorMessage = "The id of an access key.")]
    public string? AccessKey { get; init; }

    [StringLength(200)]
    public string? SecretKey { get; init; }

    [RegularExpression(SesOptions.RegionPattern, ErrorMessage = "Such as eu-central-1.")]
    public string? Region { get; init; }

    [RegularExpression("^[A-Za-z0-9_-]{1,64}$", ErrorMessage = "Letters, digits, dashes and underscores.")]
    public string? ConfigurationSet { get; init; }

    [RegularExpression(SesOptions.TopicPattern, ErrorMessage = "The ARN of an SNS topic.")]
    public string? Topic { get; init; }

    /// <summary>Letters a second; without it, as fast as the account takes them.</summary>
    [Range(AccountLimits.LeastRate, AccountLimits.MostRate)]
    public double? Rate { get; init; }

    /// <summary>A daily cap that grows, for an account that mailbox providers do not know yet. Left out, there is none, and one that is given later begins anew.</summary>
    public WarmUpPlan? WarmUp { get; init; }

    internal AccountFacts Facts(string provider) => OfProvider(provider) with { Rate = Rate, WarmUp = WarmUp };

    private AccountFacts OfProvider(string provider) => provider switch
    {
        "sendgrid" => new() { WebhookKey = Given(WebhookKey) },
        "smtp" => new()
        {
            Host = Given(Host)?.ToLowerInvariant(),
            Port = Port ?? 587,
            Username = Given(Username),
            Security = Security ?? "startTls",
            Spf = Given(Spf),
            DkimDomain = Given(DkimDomain),
            DkimSelector = Given(DkimSelector),
        },
        _ => new() { AccessKey = Given(AccessKey), Region = Given(Region), ConfigurationSet = Given(ConfigurationSet), Topic = Given(Topic) },
    };

    internal AccountSecrets Secrets(string provider) => provider switch
    {
        "sendgrid" => new() { ApiKey = Given(ApiKey) },
        "smtp" => new() { Password = Given(Password), DkimPrivateKey = Given(DkimPrivateKey) },
        _ => new() { SecretKey = Given(SecretKey) },
    };

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}

/// <summary>What an account needs before letters can leave through it.</summary>
internal static partial class MailAccountRules
{
    private const int HintLength = 4;
    private const int LongEnoughForHint = 12;

    /// <summary>Null: none.</summary>
    public static (string Field, string Message)? FaultOf(string provider, AccountFacts facts, AccountSecrets secrets, bool arePrivateHostsAllowed) => provider switch
    {
        "sendgrid" => secrets.ApiKey is not { } key || !OneWord().IsMatch(key) ? ("apiKey", "An API key of SendGrid.")
            : facts.WebhookKey is { } events && !SendGridOptions.IsKey(events) ? ("webhookKey", "The public key of the signed Event Webhook, as SendGrid shows it.") : null,
        "smtp" => SmtpFaultOf(facts, secrets, arePrivateHostsAllowed),
        _ => facts.AccessKey is null ? ("accessKey", "The id of an access key.")
            : secrets.SecretKey is not { } secret || !OneWord().IsMatch(secret) ? ("secretKey", "The secret of the access key.")
            : facts.Region is null ? ("region", "Such as eu-central-1.") : null,
    };

    public static string HintOf(AccountFacts facts, AccountSecrets secrets) =>
        (secrets.ApiKey ?? facts.AccessKey ?? secrets.Password) is { Length: >= LongEnoughForHint } known ? known[^HintLength..] : "";

    private static (string Field, string Message)? SmtpFaultOf(AccountFacts facts, AccountSecrets secrets, bool arePrivateHostsAllowed)
    {
        if (facts.Host is not { } host || Uri.CheckHostName(host) == UriHostNameType.Unknown) return ("host", "The name of a mail server.");
        if (!arePrivateHostsAllowed && IPAddress.TryParse(host, out var address) && !PublicAddress.Is(address)) return ("host", "This address is not one of the internet.");
        if (facts.Security == "none" && (!arePrivateHostsAllowed || facts.Username is not null)) return ("security", "Letters and passwords do not cross the internet in plain text.");
        if (facts.Username is not null && secrets.Password is null) return ("password", "A password for this user and server.");
        if (facts.Username?.Any(char.IsControl) == true) return ("username", "A name is one line.");
        if (facts.DkimDomain is null && facts.DkimSelector is null && secrets.DkimPrivateKey is null) return null;
        if (facts.DkimDomain is null || MailDomain.Ascii(facts.DkimDomain) is null) return ("dkimDomain", "The domain that the key signs for.");
        if (facts.DkimSelector is null) return ("dkimSelector", "The name that the key is found under.");
        return new DkimOptions { PrivateKey = secrets.DkimPrivateKey ?? "" }.IsKey() ? null : ("dkimPrivateKey", "An RSA key in PEM of at least 1024 bits.");
    }

    [GeneratedRegex("^[!-~]{10,200}$")]
    private static partial Regex OneWord();
}
