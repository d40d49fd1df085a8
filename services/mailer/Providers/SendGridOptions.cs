using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Newsletter.Mailer.Pace;

namespace Newsletter.Mailer.Providers;

/// <summary>SendGrid, section <c>SendGrid</c>.</summary>
internal sealed class SendGridOptions : IValidatableObject
{
    public string? ApiKey { get; set; }

    /// <summary>Where the API is, without the version.</summary>
    [Required, Url]
    public string ApiBase { get; set; } = "https://api.sendgrid.com";

    /// <summary>Public key of the signed Event Webhook, as SendGrid shows it; without it, events are refused.</summary>
    public string? WebhookKey { get; set; }

    /// <summary>Further accounts that send events, to <c>/webhooks/sendgrid/{account}</c>.</summary>
    public Dictionary<string, SendGridAccount> Accounts { get; set; } = [];

    /// <summary>How old a webhook call's signature may be, or how far ahead of our clock.</summary>
    [Range(typeof(TimeSpan), "00:00:30", "1.01:00:00")]
    public TimeSpan WebhookTolerance { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How long a call may take; the mail may have been taken all the same.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>Calls in flight side by side.</summary>
    [Range(1, 64)]
    public int Concurrency { get; set; } = 4;

    /// <summary>Letters a second, by all processes together; without it, as fast as it takes them.</summary>
    [Range(AccountLimits.LeastRate, AccountLimits.MostRate)]
    public double? Rate { get; set; }

    public WarmUpPlan? WarmUp { get; set; }

    public string? WebhookKeyOf(string account) => account.Length == 0 ? WebhookKey : Accounts.GetValueOrDefault(account)?.WebhookKey;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (WebhookKey is { Length: > 0 } key && !IsKey(key)) yield return new("SendGrid__WebhookKey is not a P-256 public key in base64.");
        foreach (var fault in WarmUp?.Faults(nameof(WarmUp)) ?? []) yield return fault;
        foreach (var (name, account) in Accounts)
        {
            if (!IsKey(account.WebhookKey)) yield return new($"SendGrid__Accounts__{name}__WebhookKey is not a P-256 public key in base64.");
        }
    }

    /// <summary>The same service by another account's key.</summary>
    public SendGridOptions With(string apiKey) => new() { ApiKey = apiKey, ApiBase = ApiBase, Timeout = Timeout, Concurrency = Concurrency };

    public static bool IsKey(string base64)
    {
        try
        {
            using var key = ECDsa.Create();
            key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(base64), out _);
            return key.KeySize == 256;
        }
        catch (Exception e) when (e is FormatException or CryptographicException)
        {
            return false;
        }
    }
}

internal sealed class SendGridAccount
{
    public string WebhookKey { get; set; } = "";
}
