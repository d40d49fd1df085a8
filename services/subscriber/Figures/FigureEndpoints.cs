using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Figures;

/// <summary>How a publication's readership grows.</summary>
internal static class FigureEndpoints
{
    public static void MapReaderFigures(this RouteGroupBuilder api) => api.MapGet("/statistics/readers", GetAsync).ForStaff(Permission.SubscribersRead);

    /// <summary>The last days, oldest first, today included; at most a minute old.</summary>
    private static async Task<Ok<ReaderFigures>> GetAsync(
        CurrentPublication publication, SubscriberDb db, ReaderStatistics statistics, CancellationToken cancellation, [Range(1, 366)] int days = 28) =>
        TypedResults.Ok(await statistics.GetAsync(publication.Snapshot, days, db, cancellation));
}
