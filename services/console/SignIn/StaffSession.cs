using System.Security.Claims;
using Microsoft.AspNetCore.Components.Authorization;
using Newsletter.Console.Api;

namespace Newsletter.Console.SignIn;

/// <summary>The session of whoever looks at a page. It stays on the server: pages and their connection know it by the identity that the door gave them.</summary>
internal sealed class StaffSession(AuthenticationStateProvider identities)
{
    private const string Scheme = "console";
    private const string SessionClaim = "session";
    private const string FromClaim = "from";

    public static ClaimsPrincipal PrincipalOf(Account account, string session, string? from) => new(new ClaimsIdentity(
        [new(ClaimTypes.NameIdentifier, account.Id?.ToString() ?? ""), new(SessionClaim, session), new(FromClaim, from ?? "")], Scheme));

    public async Task<(string? Session, string? From)> ReadAsync()
    {
        var user = (await identities.GetAuthenticationStateAsync()).User;
        return (user.FindFirst(SessionClaim)?.Value, user.FindFirst(FromClaim)?.Value);
    }
}
