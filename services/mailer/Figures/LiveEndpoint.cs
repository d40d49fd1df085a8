using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>An edition while it goes out.</summary>
/// <param name="LettersPerSecond">That the provider took within the last ten seconds; of one that is over, the average of its run.</param>
/// <param name="HeldUntil">Until when rates or a warm-up hold letters back, as was last seen.</param>
/// <param name="Accepted">Letters that the provider took, in at most 120 equal steps from the first to the last.</param>
internal sealed record LiveView(
    Guid Id, string Subject, EditionState State, bool Paused, string? PauseReason, int Recipients, IReadOnlyDictionary<DeliveryState, int> States,
    double LettersPerSecond, IReadOnlyList<AcceptedPoint> Accepted, DateTimeOffset CreatedAt, DateTimeOffset DueAt, DateTimeOffset? FirstAcceptedAt,
    DateTimeOffset? LastAcceptedAt, DateTimeOffset? FinishedAt, IReadOnlyList<UncertainBatch> Uncertain, string? TraceId, DateTimeOffset? HeldUntil, string? HeldReason);

internal sealed record AcceptedPoint(DateTimeOffset At, int Letters);

internal static class LiveEndpoint
{
    public static void MapLive(this RouteGroupBuilder api) => api.MapGet("/editions/{id:guid}/live", GetAsync).ForStaff(Permission.EditionsRead);

    private static async Task<Results<Ok<LiveView>, ProblemHttpResult>> GetAsync(
        Guid id, CurrentPublication publication, LiveEditions editions, HttpResponse response)
    {
        response.Headers.CacheControl = "private, no-store";
        return await editions.FindAsync(publication.Id, id) is { } live ? TypedResults.Ok(live) : Problem.NotFound("There is no such edition.");
    }
}
