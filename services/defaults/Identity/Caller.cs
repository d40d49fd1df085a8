using System.Globalization;
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
    public bool IsStaff => Role != Role.Reader;

    public bool May(string permission) =>
        Permission.Of[Role].Contains(permission) && (Scopes.Count == 0 || Scopes.Contains(permission));

    public static ValueTask<Caller?> BindAsync(HttpContext http) => ValueTask.FromResult(http.Features.Get<Caller>());

    internal static Caller Of(ClaimsIdentity claims) => new(
        Enum.Parse<Role>(Required(claims, TokenClaims.Role), ignoreCase: true),
        Guid.Parse(Required(claims, TokenClaims.Subject), CultureInfo.InvariantCulture),
        Guid.TryParse(claims.FindFirst(TokenClaims.Publication)?.Value, out var publication) ? publication : null,
        Guid.Parse(Required(claims, TokenClaims.Session), CultureInfo.InvariantCulture),
        claims.FindFirst(TokenClaims.Scope)?.Value.Split(' ', StringSplitOptions.RemoveEmptyEntries) ?? []);

    private static string Required(ClaimsIdentity claims, string name) =>
        claims.FindFirst(name)?.Value ?? throw new FormatException($"The token has no claim {name}.");
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
