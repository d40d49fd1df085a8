using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;

namespace Newsletter.Sandbox;

/// <summary>Section <c>Sandbox</c>. What is absent follows from <c>Newsletter:Url</c> and <c>Newsletter:Data</c>, or is made and kept.</summary>
public sealed class SandboxOptions : IValidatableObject
{
    /// <summary>Folder of <c>sandbox.db</c>.</summary>
    public string DataFolder { get; set; } = "";

    /// <summary>Origin that links to the checkout, the portal and receipts start with.</summary>
    public string PublicUrl { get; set; } = "";

    /// <summary>Where Stripe's events go, for accounts that have no webhook endpoint of their own.</summary>
    public string StripeWebhookTarget { get; set; } = "";

    /// <summary>The secret (<c>whsec_…</c>) that signs them.</summary>
    public string? StripeWebhookSecret { get; set; }

    /// <summary>Where SendGrid's events go.</summary>
    public string SendGridWebhookTarget { get; set; } = "";

    /// <summary>PKCS#8 in base64 of the P-256 key that signs them.</summary>
    public string? SendGridPrivateKey { get; set; }

    /// <summary>Whether substitutions reach into headers. SendGrid promises only subject, reply-to and content.</summary>
    public bool SubstituteHeaders { get; set; } = true;

    internal void Complete(IConfiguration configuration)
    {
        var url = (configuration["Newsletter:Url"] is { Length: > 0 } given ? given : "http://localhost:8080").TrimEnd('/');
        DataFolder = Given(DataFolder, configuration["Newsletter:Data"] is { Length: > 0 } data ? data : "./data");
        PublicUrl = Given(PublicUrl, url).TrimEnd('/');
        StripeWebhookTarget = Given(StripeWebhookTarget, $"{url}/webhooks/stripe");
        SendGridWebhookTarget = Given(SendGridWebhookTarget, $"{url}/webhooks/sendgrid");

        static string Given(string value, string otherwise) => value.Length > 0 ? value : otherwise;
    }

    /// <inheritdoc />
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        (string Name, string Value)[] addresses =
        [
            (nameof(PublicUrl), PublicUrl),
            (nameof(StripeWebhookTarget), StripeWebhookTarget),
            (nameof(SendGridWebhookTarget), SendGridWebhookTarget),
        ];
        foreach (var (name, value) in addresses)
        {
            if (!Uri.TryCreate(value, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
            {
                yield return new($"Sandbox:{name} must be an absolute http or https address.");
            }
        }

        if (StripeWebhookSecret is { Length: > 0 } secret && !secret.StartsWith("whsec_", StringComparison.Ordinal))
        {
            yield return new("Sandbox:StripeWebhookSecret must start with whsec_.");
        }

        if (SendGridPrivateKey is { Length: > 0 } key && !IsKey(key))
        {
            yield return new("Sandbox:SendGridPrivateKey must be a P-256 key in PKCS#8, base64.");
        }
    }

    private static bool IsKey(string base64)
    {
        using var key = ECDsa.Create();
        var bytes = new byte[base64.Length];
        if (!Convert.TryFromBase64String(base64, bytes, out var length))
        {
            return false;
        }

        try
        {
            key.ImportPkcs8PrivateKey(bytes.AsSpan(0, length), out _);
            return key.KeySize == 256;
        }
        catch (CryptographicException)
        {
            return false;
        }
    }
}
