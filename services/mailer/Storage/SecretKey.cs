using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Mailer.Storage;

/// <summary>A random key of this installation, made when first needed; one per purpose.</summary>
public sealed class SecretKey
{
    public string Purpose { get; set; } = "";
    public byte[] Key { get; set; } = [];
    public DateTimeOffset CreatedAt { get; set; }
}

/// <summary>Turns an address into what deliverability is kept by: it can be compared, and not read back without the key.</summary>
internal sealed class AddressHasher(byte[] key)
{
    public string Hash(string normalisedEmail) =>
        Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(normalisedEmail)));
}
