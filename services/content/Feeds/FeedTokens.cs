using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.WebUtilities;

namespace Newsletter.Content.Feeds;

/// <summary>The secret in a member's own feed address: the subscriber's id, sealed with keys that are kept in the database.</summary>
internal sealed class FeedTokens(IDataProtectionProvider protection)
{
    private const int Longest = 400;
    private readonly IDataProtector _protector = protection.CreateProtector("content.feeds");

    public string TokenOf(Guid subscriber, Guid publication) =>
        WebEncoders.Base64UrlEncode(_protector.Protect([.. publication.ToByteArray(), .. subscriber.ToByteArray()]));

    /// <summary>Null for a token that is malformed, forged or another publication's.</summary>
    public Guid? SubscriberOf(string token, Guid publication)
    {
        if (token.Length > Longest) return null;
        try
        {
            var content = _protector.Unprotect(WebEncoders.Base64UrlDecode(token));
            return content.Length == 32 && new Guid(content.AsSpan(0, 16)) == publication ? new Guid(content.AsSpan(16)) : null;
        }
        catch (Exception e) when (e is CryptographicException or FormatException)
        {
            return null;
        }
    }
}
