using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Billing.Webhooks;

/// <summary>
/// <c>Stripe-Signature: t=…,v1=hex(HMAC-SHA256(secret, "{t}.{body}"))</c>, where several <c>v1</c> are good while a secret is changed.
/// Checked here over the raw bytes: the library's check throws five kinds of exceptions at what anybody may send.
/// </summary>
internal static class StripeSignature
{
    public const string Header = "Stripe-Signature";
    private const long ToleranceSeconds = 300;
    private const int MostCharacters = 2048;

    public static bool IsValid(ReadOnlySpan<byte> body, string header, string secret, DateTimeOffset now)
    {
        if (header.Length > MostCharacters) return false;
        string? time = null;
        List<string> signatures = [];
        foreach (var part in header.Split(','))
        {
            var at = part.IndexOf('=');
            if (at < 0) continue;
            var name = part.AsSpan(0, at).Trim();
            var value = part[(at + 1)..].Trim();
            if (name is "t") time = value;
            else if (name is "v1") signatures.Add(value);
        }

        if (!long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) return false;
        var current = now.ToUnixTimeSeconds();
        if (seconds < current - ToleranceSeconds || seconds > current + ToleranceSeconds) return false;

        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        hmac.AppendData(Encoding.ASCII.GetBytes($"{time}."));
        hmac.AppendData(body);
        var expected = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(hmac.GetHashAndReset()));
        var good = false;
        foreach (var signature in signatures)
        {
            good |= CryptographicOperations.FixedTimeEquals(expected, Encoding.ASCII.GetBytes(signature));
        }
        return good;
    }
}
