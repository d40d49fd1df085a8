using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Newsletter.Defaults.Identity;

/// <summary>Who a verified token speaks for. Bind it as a handler's parameter; nullable where anonymous callers are let in.</summary>
/// <param name="Subject">A subscriber's id for readers, an account's for staff, the key's for API keys.</param>
/// <param name="PublicationId">The only publication the token is good for; none for calls on the installation.</param>
/// <param name="Session">The session or API key behind the token.</param>
/// <param name="Scopes">What an API key is limited to; empty: all that the role may.</param>
public sealed record Caller(Role Role, Guid Subject, Guid? PublicationId, Guid Session, IReadOnlyList<string> Scopes)
{
    private static readonly Dictionary<string, Role> Roles = Enum.GetValues<Role>().ToDictionary(role => role.ToString(), StringComparer.OrdinalIgnoreCase);

    public bool IsStaff => Role != Role.Reader;

    public bool May(string permission) =>
        Permission.Of[Role].Contains(permission) && (Scopes.Count == 0 || Scopes.Contains(permission));

    public static ValueTask<Caller?> BindAsync(HttpContext http) => ValueTask.FromResult(http.Features.Get<Caller>());

    /// <summary>Null where a claim is missing or is not what it should be.</summary>
    internal static Caller? Of(ClaimsIdentity claims)
    {
        var publication = claims.FindFirst(TokenClaims.Publication)?.Value;
        if (claims.FindFirst(TokenClaims.Role)?.Value is not { } word || !Roles.TryGetValue(word, out var role)
            || !Guid.TryParse(claims.FindFirst(TokenClaims.Subject)?.Value, out var subject)
            || !Guid.TryParse(claims.FindFirst(TokenClaims.Session)?.Value, out var session)
            || (!Guid.TryParse(publication, out var only) && publication is not null)) return null;
        var scopes = claims.FindFirst(TokenClaims.Scope)?.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? [];
        return new(role, subject, publication is null ? null : only, session, scopes);
    }
}

/// <summary>The claims of the internal token (ES256, at most five minutes).</summary>
public static class TokenClaims
{
    public const string Issuer = "newsletter";
    public const string Audience = "newsletter-services";
    public const string Subject = "sub";
    public const string Publication = "pub";
    public const string Role = "role";
    public const string Scope = "scope";
    public const string Session = "sid";
}
