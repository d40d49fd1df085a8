using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Mailer.Figures;

internal static class FiguresEndpoint
{
    public static void MapFigures(this RouteGroupBuilder api) => api.MapGet("/editions/{id:guid}/figures", GetAsync).ForStaff(Permission.EditionsRead);

    private static async Task<Results<Ok<FiguresView>, ProblemHttpResult>> GetAsync(Guid id, CurrentPublication publication, EditionFigures figures) =>
        await figures.FindAsync(publication.Snapshot, id) is { } known ? TypedResults.Ok(known) : Problem.NotFound("There is no such edition.");
}
