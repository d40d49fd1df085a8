using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Webhooks;

/// <summary>SendGrid's signed Event Webhook: ECDSA P-256 with SHA-256 over the timestamp's characters and the raw body, DER in base64.</summary>
internal static class SendGridSignature
{
    public const string SignatureHeader = "X-Twilio-Email-Event-Webhook-Signature";
    public const string TimestampHeader = "X-Twilio-Email-Event-Webhook-Timestamp";

    private const int MaxHeader = 256;

    /// <summary>
    /// Whether the call was signed with the key, at most <paramref name="tolerance"/> from now. What is older is no loss: SendGrid tries for 24 hours, and
    /// a call that was replayed within the time repeats event ids that are known.
    /// </summary>
    public static bool IsGood(string publicKey, string? signature, string? timestamp, ReadOnlySpan<byte> body, DateTimeOffset now, TimeSpan tolerance)
    {
        if (signature is not { Length: > 0 and <= MaxHeader } || timestamp is not { Length: > 0 and <= MaxHeader }) return false;
        if (!long.TryParse(timestamp, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return false;
        // In seconds, because a hostile timestamp is no date.
        if (Math.Abs((decimal)seconds - now.ToUnixTimeSeconds()) > (decimal)tolerance.TotalSeconds) return false;
        return IsSigned(publicKey, signature, timestamp, body);
    }

    public static bool IsSigned(string publicKey, string signature, string timestamp, ReadOnlySpan<byte> body)
    {
        Span<byte> der = stackalloc byte[MaxHeader];
        if (!Convert.TryFromBase64String(signature, der, out var length)) return false;
        var signed = new byte[Encoding.ASCII.GetByteCount(timestamp) + body.Length];
        var start = Encoding.ASCII.GetBytes(timestamp, signed);
        body.CopyTo(signed.AsSpan(start));
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(Convert.FromBase64String(publicKey), out _);
        try
        {
            return key.VerifyData(signed, der[..length], HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
        }
        catch (CryptographicException)
        {
            // Base64, but no DER.
            return false;
        }
    }
}
