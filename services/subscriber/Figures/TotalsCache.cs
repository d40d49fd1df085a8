using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Newsletter.Subscriber.Storage;
using Newsletter.Subscriber.Subscribers;

namespace Newsletter.Subscriber.Figures;

/// <summary>How many readers a publication has, counted at most once a minute.</summary>
internal sealed class TotalsCache(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Keep = TimeSpan.FromMinutes(1);
    private readonly MemoryCache _kept = new(new MemoryCacheOptions { SizeLimit = 10_000 });

    public async Task<ReaderTotals> OfAsync(Guid publication, SubscriberDb db, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (_kept.TryGetValue(publication, out Kept? kept) && kept!.Until > now) return kept.Totals;
        // One by one, each from an index that holds no other.
        var totals = new ReaderTotals(
            await CountAsync(SubscriberStatus.Active), await CountAsync(SubscriberStatus.Pending), await CountAsync(SubscriberStatus.Unsubscribed));
        _kept.Set(publication, new Kept(totals, now + Keep), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = Keep });
        return totals;

        Task<int> CountAsync(SubscriberStatus status) => db.Subscribers.Where(s => s.PublicationId == publication).Where(SubscriberView.Has(status)).CountAsync(cancellation);
    }

    public void Dispose() => _kept.Dispose();

    private sealed record Kept(ReaderTotals Totals, DateTimeOffset Until);
}
