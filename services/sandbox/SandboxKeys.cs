using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Newsletter.Sandbox.Storage;

namespace Newsletter.Sandbox;

/// <summary>What signs the webhooks: from the options, else made once and kept in <c>sandbox.db</c>.</summary>
public sealed class SandboxKeys : IDisposable
{
    private readonly ECDsa sendGrid = ECDsa.Create();

    internal SandboxKeys(SandboxDb db, IOptions<SandboxOptions> options)
    {
        StripeWebhookSecret = options.Value.StripeWebhookSecret is { Length: > 0 } secret
            ? secret
            : Keep(db, "stripe_webhook_secret", () => $"whsec_{RandomNumberGenerator.GetHexString(48, lowercase: true)}");
        var key = options.Value.SendGridPrivateKey is { Length: > 0 } given ? given : Keep(db, "sendgrid_private_key", MakeKey);
        sendGrid.ImportPkcs8PrivateKey(Convert.FromBase64String(key), out _);
        SendGridWebhookKey = Convert.ToBase64String(sendGrid.ExportSubjectPublicKeyInfo());
    }

    /// <summary>The <c>whsec_…</c> to verify Stripe's events with.</summary>
    public string StripeWebhookSecret { get; }

    /// <summary>The public key (base64 SPKI) to verify SendGrid's events with.</summary>
    public string SendGridWebhookKey { get; }

    internal string SignSendGrid(byte[] timestampAndBody) => Convert.ToBase64String(
        sendGrid.SignData(timestampAndBody, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    /// <inheritdoc />
    public void Dispose() => sendGrid.Dispose();

    private static string MakeKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Convert.ToBase64String(key.ExportPkcs8PrivateKey());
    }

    private static string Keep(SandboxDb db, string name, Func<string> make) => db.Read(connection =>
    {
        connection.Execute("INSERT OR IGNORE INTO settings (name, value) VALUES ($name, $value)", ("$name", name), ("$value", make()));
        return connection.Scalar<string>("SELECT value FROM settings WHERE name = $name", ("$name", name))!;
    });
}
