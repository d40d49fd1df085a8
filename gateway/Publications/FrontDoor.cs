using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Gateway.Publications;

/// <summary>The shared host's root: the publication itself where there is but one, else the API's documentation.</summary>
internal static class FrontDoor
{
    public static void MapFrontDoor(this WebApplication app) => app.MapGet("/", Enter).ForAnyone().ExcludeFromDescription();

    private static IResult Enter(PublicationDirectory directory) => directory.All.Take(2).ToList() switch
    {
        [] => Problem.NotFound("There is no publication here yet."),
        [var only] => Results.Redirect($"{only.BaseUrl}/"),
        _ => Results.Redirect("/docs"),
    };
}
