using System.Collections.Frozen;
using System.Text.RegularExpressions;

namespace Newsletter.Content.Publications;

/// <summary>What may stand in an address.</summary>
internal static partial class Slugs
{
    public const string Pattern = "^[a-z0-9](?:[a-z0-9-]{0,118}[a-z0-9])?$";

    /// <summary>A host label, so that the publication can be <c>{slug}.{PagesDomain}</c>.</summary>
    public const string PublicationPattern = "^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])$";

    /// <summary>First segments of our own addresses, and names that a visitor would take for ours.</summary>
    private static readonly FrozenSet<string> Reserved = new[]
    {
        "account", "admin", "api", "app", "assets", "auth", "billing", "blog", "cdn", "console", "dashboard", "docs", "embed", "favicon", "files",
        "ftp", "gateway", "health", "help", "images", "img", "imap", "internal", "js", "login", "mail", "media", "metrics", "mx", "newsletter",
        "ns1", "ns2", "o", "openapi", "pop", "postmaster", "robots", "root", "sandbox", "scalar", "security", "signin", "signup", "smtp", "sse",
        "static", "status", "support", "system", "t", "uploads", "webhook", "webhooks", "well-known", "www",
    }.ToFrozenSet();

    public static bool IsReserved(string slug) => Reserved.Contains(slug) || slug.StartsWith("xn--", StringComparison.Ordinal);

    public static bool IsSlug(string text) => Slug().IsMatch(text);

    [GeneratedRegex(Pattern)]
    private static partial Regex Slug();
}
