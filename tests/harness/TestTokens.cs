using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Newsletter.Defaults.Identity;

namespace Newsletter.Tests.Harness;

/// <summary>Stands where subscriber stands: signs internal tokens, and publishes the key.</summary>
public sealed class TestTokens : IDisposable
{
    private ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private string _kid = Guid.NewGuid().ToString("N");

    /// <summary>The name of the key that signs now.</summary>
    public string KeyId => _kid;

    public string Jwks
    {
        get
        {
            var point = _key.ExportParameters(false).Q;
            return JsonSerializer.Serialize(new
            {
                keys = new[] { new { kty = "EC", crv = "P-256", use = "sig", alg = "ES256", kid = _kid, x = Base64UrlEncoder.Encode(point.X), y = Base64UrlEncoder.Encode(point.Y) } },
            });
        }
    }

    /// <summary>Signs with a new key from now on, and publishes only that one.</summary>
    public void Rotate()
    {
        _key.Dispose();
        _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        _kid = Guid.NewGuid().ToString("N");
    }

    public string Sign(Role role, Guid? publication, Guid? subject = null, TimeSpan? lifetime = null, params string[] scopes)
    {
        var claims = new Dictionary<string, object>
        {
            [TokenClaims.Subject] = (subject ?? Guid.CreateVersion7()).ToString(),
            [TokenClaims.Role] = role.ToString().ToLowerInvariant(),
            [TokenClaims.Session] = Guid.CreateVersion7().ToString(),
            [TokenClaims.Scope] = string.Join(' ', scopes),
        };
        if (publication is { } id) claims[TokenClaims.Publication] = id.ToString();
        var now = DateTime.UtcNow;
        var until = now + (lifetime ?? TimeSpan.FromMinutes(5));
        var since = now < until ? now.AddMinutes(-5) : until.AddMinutes(-10);
        return Sign(new SecurityTokenDescriptor
        {
            Issuer = TokenClaims.Issuer,
            Audience = TokenClaims.Audience,
            NotBefore = since,
            IssuedAt = since,
            Expires = until,
            Claims = claims,
        });
    }

    /// <summary>Signs whatever the test says, with the good key.</summary>
    public string Sign(SecurityTokenDescriptor token)
    {
        token.SigningCredentials = new(new ECDsaSecurityKey(_key) { KeyId = _kid }, SecurityAlgorithms.EcdsaSha256);
        return new JsonWebTokenHandler().CreateToken(token);
    }

    public void Dispose() => _key.Dispose();
}
