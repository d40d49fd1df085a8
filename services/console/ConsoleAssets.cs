using Newsletter.Defaults.Pages;

namespace Newsletter.Console;

/// <summary>Our stylesheet and script, MudBlazor's, and Blazor's own script.</summary>
internal static class ConsoleAssets
{
    private static readonly EmbeddedAssets Assets = new(
        typeof(ConsoleAssets).Assembly, "/console/assets", "console.css", "console.js", "MudBlazor.min.css", "MudBlazor.min.js", "blazor.web.js");

    public static string Url(string name) => Assets.Url(name);

    public static void MapConsoleAssets(this IEndpointRouteBuilder routes) => Assets.Map(routes);
}
