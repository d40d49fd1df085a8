using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Newsletter.Subscriber;

/// <summary>A bearer secret of 256 random bits. Only its hash is stored; with that much entropy a plain one is enough.</summary>
internal static class Secret
{
    public static string New(string prefix = "") => prefix + WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));

    public static byte[] Hash(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));
}
