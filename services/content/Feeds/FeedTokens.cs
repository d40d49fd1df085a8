using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace Newsletter.Content.Feeds;

/// <summary>
/// The secret in a member's own feed address: the subscriber's id, sealed with keys that are kept in the database. It never expires, because
/// a reader program asks for years; signing out everywhere voids it.
/// </summary>
internal sealed class FeedTokens(IDataProtectionProvider protection)
{
    private const int Longest = 400;
    private const int Bytes = 16 + 16 + sizeof(int);
    private readonly IDataProtector _protector = protection.CreateProtector("content.feeds");

    public string TokenOf(Guid subscriber, int signOuts, Guid publication) =>
        WebEncoders.Base64UrlEncode(_protector.Protect([.. publication.ToByteArray(), .. subscriber.ToByteArray(), .. BitConverter.GetBytes(signOuts)]));

    /// <summary>Null for a token that is malformed, forged or another publication's.</summary>
    public (Guid Subscriber, int SignOuts)? Open(string token, Guid publication)
    {
        if (token.Length > Longest) return null;
        try
        {
            var content = _protector.Unprotect(WebEncoders.Base64UrlDecode(token));
            if (content.Length != Bytes || new Guid(content.AsSpan(0, 16)) != publication) return null;
            return (new Guid(content.AsSpan(16, 16)), BitConverter.ToInt32(content.AsSpan(32)));
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
