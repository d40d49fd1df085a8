using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Contracts;

namespace Newsletter.Billing.Statistics;

/// <param name="Day">Of the publication's zone.</param>
/// <param name="Started">Grants that began: paid, given or taken as a gift.</param>
/// <param name="Ended">Grants that ran out or were taken back.</param>
internal sealed record MembersDay(DateOnly Day, int Started, int Ended);

/// <param name="Active">Readers with a grant that is valid now; with several, counted once.</param>
internal sealed record MemberTotals(int Active, IReadOnlyList<TierTotal> ByTier, IReadOnlyList<SourceTotal> BySource);

internal sealed record TierTotal(string Tier, string Name, int Active);

internal sealed record SourceTotal(GrantSource Source, int Active);

internal sealed record MembersView(IReadOnlyList<MembersDay> Days, MemberTotals Totals);

/// <summary>Counts members and keeps what it counted for a minute, however many look at it.</summary>
internal sealed class MemberStatistics(IServiceScopeFactory scopes, TimeProvider time)
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromMinutes(1);
    private const int MostKept = 1_000;
    private readonly ConcurrentDictionary<(Guid Publication, int Days), (DateTimeOffset At, Task<MembersView> View)> _kept = new();

    public Task<MembersView> GetAsync(PublicationSnapshot publication, int days)
    {
        var now = time.GetUtcNow();
        if (_kept.TryGetValue((publication.Id, days), out var known) && now - known.At < KeepFor && !known.View.IsFaulted) return known.View;
        if (_kept.Count >= MostKept) _kept.Clear();
        var view = CountAsync(publication, days, now);
        _kept[(publication.Id, days)] = (now, view);
        return view;
    }

    private async Task<MembersView> CountAsync(PublicationSnapshot publication, int days, DateTimeOffset now)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<BillingDb>();
        var zone = TimeZoneInfo.TryFindSystemTimeZoneById(publication.TimeZone, out var known) ? known : TimeZoneInfo.Utc;
        var today = DayOf(now, zone);
        var first = today.AddDays(1 - days);
        var from = StartOf(first, zone);
        var started = ByDay(await MemberCount.StartedAsync(db, publication.Id, from, now), zone);
        var ended = ByDay(await MemberCount.EndedAsync(db, publication.Id, from, now), zone);
        return new(
            [.. Enumerable.Range(0, days).Select(first.AddDays).Select(day => new MembersDay(day, started[day].Sum(), ended[day].Sum()))],
            await TotalsAsync(db, publication.Id, now));
    }

    private static async Task<MemberTotals> TotalsAsync(BillingDb db, Guid publication, DateTimeOffset now)
    {
        var valid = db.Grants.Where(g => g.PublicationId == publication && !g.Deleted && g.SubscriberId != null && g.From <= now && g.Until > now);
        var names = await db.Tiers.Where(t => t.PublicationId == publication).ToDictionaryAsync(t => t.Slug, t => t.Name);
        var tiers = await valid.GroupBy(g => g.Tier).Select(g => new { g.Key, Active = g.Select(x => x.SubscriberId).Distinct().Count() }).ToListAsync();
        var sources = await valid.GroupBy(g => g.Source).Select(g => new { g.Key, Active = g.Select(x => x.SubscriberId).Distinct().Count() }).ToListAsync();
        return new(
            await valid.Select(g => g.SubscriberId).Distinct().CountAsync(),
            [.. tiers.OrderByDescending(t => t.Active).ThenBy(t => t.Key, StringComparer.Ordinal).Select(t => new TierTotal(t.Key, names.GetValueOrDefault(t.Key, t.Key), t.Active))],
            [.. sources.OrderBy(s => s.Key).Select(s => new SourceTotal(s.Key, s.Active))]);
    }

    private static ILookup<DateOnly, int> ByDay(IReadOnlyList<QuarterCount> counts, TimeZoneInfo zone) =>
        counts.ToLookup(c => DayOf(DateTimeOffset.FromUnixTimeSeconds(c.Quarter * MemberCount.Seconds), zone), c => c.Grants);

    private static DateOnly DayOf(DateTimeOffset at, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(at, zone).DateTime);

    /// <summary>Where a clock change skips midnight, the day begins when the gap ends.</summary>
    private static DateTimeOffset StartOf(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        while (zone.IsInvalidTime(midnight)) midnight = midnight.AddMinutes(15);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
    }
}
