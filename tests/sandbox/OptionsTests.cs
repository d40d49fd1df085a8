using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;

namespace Newsletter.Sandbox.Tests;

public sealed class OptionsTests
{
    [Theory]
    [InlineData("ftp://example.com", null, null, "StripeWebhookTarget")]
    [InlineData("https://example.com", "secret", null, "StripeWebhookSecret")]
    [InlineData("https://example.com", "whsec_1", "not base64", "SendGridPrivateKey")]
    [InlineData("https://example.com", "whsec_1", "AAAA", "SendGridPrivateKey")]
    public void A_malformed_setting_is_named(string target, string? secret, string? key, string setting)
    {
        var options = new SandboxOptions
        {
            PublicUrl = "http://localhost:8080",
            StripeWebhookTarget = target,
            SendGridWebhookTarget = "https://example.com",
            StripeWebhookSecret = secret,
            SendGridPrivateKey = key,
        };

        var problem = Assert.Single(options.Validate(new ValidationContext(options)));

        Assert.Contains(setting, problem.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void A_given_key_signs()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var options = new SandboxOptions
        {
            PublicUrl = "http://localhost:8080",
            StripeWebhookTarget = "https://example.com",
            SendGridWebhookTarget = "https://example.com",
            SendGridPrivateKey = Convert.ToBase64String(key.ExportPkcs8PrivateKey()),
        };

        Assert.Empty(options.Validate(new ValidationContext(options)));
    }
}
