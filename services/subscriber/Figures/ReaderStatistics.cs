using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;
using Newsletter.Subscriber.Subscribers;
using NodaTime;

namespace Newsletter.Subscriber.Figures;

/// <param name="Day">In the publication's zone.</param>
/// <param name="Left">Withdrew their last consent and have not come back, or were erased.</param>
internal sealed record DayFigures(DateOnly Day, int SignUps, int Confirmed, int Left);

internal sealed record ReaderTotals(int Active, int Pending, int Unsubscribed);

internal sealed record ReaderFigures(IReadOnlyList<DayFigures> Days, ReaderTotals Totals);

/// <summary>Counts readers and keeps what it counted for a minute, however many look at it.</summary>
internal sealed class ReaderStatistics(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = 1_000 });

    public async Task<ReaderFigures> GetAsync(PublicationSnapshot publication, int days, SubscriberDb db, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (_kept.TryGetValue((publication.Id, days), out Kept? kept) && kept!.Until > now) return kept.Figures;
        var figures = new ReaderFigures(await DaysAsync(publication, days, now, db, cancellation), await TotalsAsync(publication.Id, db, cancellation));
        _kept.Set((publication.Id, days), new Kept(figures, now + KeepFor), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = KeepFor });
        return figures;
    }

    public void Dispose() => _kept.Dispose();

    private static async Task<IReadOnlyList<DayFigures>> DaysAsync(PublicationSnapshot publication, int days, DateTimeOffset now, SubscriberDb db, CancellationToken cancellation)
    {
        var zone = DateTimeZoneProviders.Tzdb.GetZoneOrNull(publication.TimeZone) ?? DateTimeZone.Utc;
        var today = Instant.FromDateTimeOffset(now).InZone(zone).Date;
        var shown = Enumerable.Range(0, days).Select(ago => today.PlusDays(-ago)).Reverse().ToList();
        // A day need not have 24 hours.
        var starts = shown.Append(today.PlusDays(1)).Select(day => zone.AtStartOfDay(day).ToDateTimeOffset().ToUniversalTime()).ToList();
        var counts = new DayCounts(db, publication.Id, starts, cancellation);
        var (signUps, confirmed, left) = (await counts.SignUpsAsync(), await counts.ConfirmedAsync(), await counts.LeftAsync());
        return [.. shown.Select((day, n) => new DayFigures(day.ToDateOnly(), signUps[n], confirmed[n], left[n]))];
    }

    /// <summary>One by one, each from an index that holds no other.</summary>
    private static async Task<ReaderTotals> TotalsAsync(Guid publication, SubscriberDb db, CancellationToken cancellation)
    {
        return new(await CountAsync(SubscriberStatus.Active), await CountAsync(SubscriberStatus.Pending), await CountAsync(SubscriberStatus.Unsubscribed));

        Task<int> CountAsync(SubscriberStatus status) => db.Subscribers.Where(s => s.PublicationId == publication).Where(SubscriberView.Has(status)).CountAsync(cancellation);
    }

    private sealed record Kept(ReaderFigures Figures, DateTimeOffset Until);
}
