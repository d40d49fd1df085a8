using System.Text.Json.Nodes;

namespace Newsletter.Defaults.Pages;

/// <summary>The publication as its pages show it. <c>BaseUrl</c> is absolute and may end in a path; every link starts with it.</summary>
public sealed record SiteInfo(string Name, string Tagline, string BaseUrl, string Language, string Accent, string PostalAddress, bool HasPlans)
{
    /// <summary>The address of a page of this publication; <paramref name="path"/> starts with a slash.</summary>
    public string Url(string path) => BaseUrl.TrimEnd('/') + path;
}

/// <summary>What search engines and link previews are told. Without a title, the page is the publication's front page.</summary>
/// <param name="PreviewOrigin">Of a page that is shown inside another site's: where its styles lie. Such a page has no script.</param>
public sealed record PageInfo(
    string? Title = null,
    string? Description = null,
    string? CanonicalUrl = null,
    bool NoIndex = false,
    string OgType = "website",
    string? ImageUrl = null,
    JsonNode? JsonLd = null,
    string? PreviewOrigin = null);

/// <summary>Who looks at the page. Pages for anonymous viewers carry nothing personal, so that they can be cached.</summary>
public sealed record Viewer(bool SignedIn, string? DisplayName, bool IsMember)
{
    public static readonly Viewer Anonymous = new(SignedIn: false, DisplayName: null, IsMember: false);
}
