namespace Newsletter.Defaults.Identity;

/// <summary>
/// A reader's session: an opaque 256-bit value, host-only. Where publications share a host each has its own cookie,
/// so that signing in to one does not sign out of another.
/// </summary>
public static class SessionCookie
{
    /// <summary>What every session value starts with, as API keys do with <see cref="ApiKeyPrefix"/>.</summary>
    public const string ValuePrefix = "nls_";
    public const string ApiKeyPrefix = "nlk_";

    /// <param name="baseUrl">The publication's stored base address.</param>
    public static string NameFor(string baseUrl, string slug)
    {
        var address = new Uri(baseUrl);
        var prefix = IsSecure(baseUrl) ? "__Host-" : "";
        return address.AbsolutePath == "/" ? $"{prefix}session" : $"{prefix}session-{slug}";
    }

    public static bool IsSecure(string baseUrl) => baseUrl.StartsWith("https://", StringComparison.Ordinal);
}
