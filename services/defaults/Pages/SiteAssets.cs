using Microsoft.AspNetCore.Routing;

namespace Newsletter.Defaults.Pages;

/// <summary>The stylesheet and the script of the reader pages.</summary>
public static class SiteAssets
{
    private static readonly EmbeddedAssets Assets = new(typeof(SiteAssets).Assembly, "/assets", "site.css", "site.js");

    /// <summary>The root-relative address of an asset, the same for every publication.</summary>
    public static string Url(string name) => Assets.Url(name);

    public static void MapSiteAssets(this IEndpointRouteBuilder routes) => Assets.Map(routes);
}
