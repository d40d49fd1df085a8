using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Storage;
using NodaTime;

namespace Newsletter.Subscriber.Figures;

/// <param name="Day">In the publication's zone.</param>
/// <param name="Left">Withdrew their last consent and have not come back, or were erased.</param>
internal sealed record DayFigures(DateOnly Day, int SignUps, int Confirmed, int Left);

/// <summary>Up to a minute old.</summary>
internal sealed record ReaderTotals(int Active, int Pending, int Unsubscribed);

internal sealed record ReaderFigures(IReadOnlyList<DayFigures> Days, ReaderTotals Totals);

/// <summary>How a publication's readership grows.</summary>
internal static class FigureEndpoints
{
    public static void MapReaderFigures(this RouteGroupBuilder api) => api.MapGet("/statistics/readers", ShowAsync).ForStaff(Permission.SubscribersRead);

    private static async Task<Ok<ReaderFigures>> ShowAsync(
        [Range(1, 366)] int? days, CurrentPublication publication, SubscriberDb db, TotalsCache totals, TimeProvider time, CancellationToken cancellation)
    {
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(publication.Snapshot.TimeZone) ?? DateTimeZone.Utc;
        var today = Instant.FromDateTimeOffset(time.GetUtcNow()).InZone(zone).Date;
        var shown = Enumerable.Range(0, days ?? 28).Select(ago => today.PlusDays(-ago)).Reverse().ToList();
        // A day need not have 24 hours.
        var starts = shown.Append(today.PlusDays(1)).Select(day => zone.AtStartOfDay(day).ToDateTimeOffset().ToUniversalTime()).ToList();
        var counts = new DayCounts(db, publication.Id, starts, cancellation);
        var (signUps, confirmed, left) = (await counts.SignUpsAsync(), await counts.ConfirmedAsync(), await counts.LeftAsync());
        return TypedResults.Ok(new ReaderFigures(
            [.. shown.Select((day, n) => new DayFigures(day.ToDateOnly(), signUps[n], confirmed[n], left[n]))],
            await totals.OfAsync(publication.Id, db, cancellation)));
    }
}
