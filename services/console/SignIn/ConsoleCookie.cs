using Newsletter.Defaults.Identity;

namespace Newsletter.Console.SignIn;

/// <summary>The staff's session: an opaque 256-bit value, host-only, apart from every reader's.</summary>
internal static class ConsoleCookie
{
    public static string NameFor(string url) => SessionCookie.IsSecure(url) ? "__Host-console" : "console";

    /// <summary>Null where there is none that could be a session.</summary>
    public static string? Read(HttpRequest request, string url) =>
        request.Cookies[NameFor(url)] is { Length: <= 256 } value && value.StartsWith(SessionCookie.ValuePrefix, StringComparison.Ordinal) ? value : null;

    public static void Write(HttpResponse response, string url, string session, DateTimeOffset expires) =>
        response.Cookies.Append(NameFor(url), session, OptionsFor(url, expires));

    public static void Delete(HttpResponse response, string url) => response.Cookies.Delete(NameFor(url), OptionsFor(url, null));

    private static CookieOptions OptionsFor(string url, DateTimeOffset? expires) => new()
    {
        HttpOnly = true,
        Secure = SessionCookie.IsSecure(url),
        // Lax, because the link in the mail leads here from elsewhere.
        SameSite = SameSiteMode.Lax,
        Path = "/",
        Expires = expires,
        IsEssential = true,
    };
}
