using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Figures;

/// <summary>What happened between midnights, counted by ranges of indexes: nothing is kept up to date for it that sign-ups would have to wait for.</summary>
/// <param name="midnights">One more than there are days.</param>
internal sealed class DayCounts(SubscriberDb db, Guid publication, IReadOnlyList<DateTimeOffset> midnights, CancellationToken cancellation)
{
    private sealed record Row(int Day, int Number);

    /// <summary>Ids are made of the time of the sign-up, so that their index serves for it.</summary>
    public Task<int[]> SignUpsAsync() => CountAsync("subscribers", "id", "true", [.. midnights.Select(TimeIds.FirstAt)]);

    public Task<int[]> ConfirmedAsync() => CountAsync("subscribers", "confirmed_at", "true", midnights);

    /// <summary>Who confirmed without wanting a letter has not left.</summary>
    public async Task<int[]> LeftAsync()
    {
        var left = await CountAsync("subscribers", "left_at", "left_at > confirmed_at", midnights);
        var erased = await CountAsync("erasures", "requested_at", "true", midnights);
        return [.. left.Zip(erased, (a, b) => a + b)];
    }

    private async Task<int[]> CountAsync<T>(string table, string column, string condition, IReadOnlyList<T> bounds)
    {
        var counts = new int[bounds.Count - 1];
        foreach (var row in await (db.IsSqlite ? SqliteAsync() : PostgresAsync())) counts[row.Day - 1] = row.Number;
        return counts;

#pragma warning disable EF1002 // Tables and columns are named above, not by callers.
        Task<List<Row>> PostgresAsync() => db.Database.SqlQueryRaw<Row>(
            $$"""
            SELECT width_bucket({{column}}, {1}) AS day, COUNT(*)::integer AS number FROM {{table}}
            WHERE publication_id = {0} AND {{column}} >= {2} AND {{column}} < {3} AND {{condition}} GROUP BY 1
            """, publication, bounds.ToArray(), bounds[0]!, bounds[^1]!).ToListAsync(cancellation);

        Task<List<Row>> SqliteAsync() => db.Database.SqlQueryRaw<Row>(
            $$"""
            SELECT d.key + 1 AS day, (SELECT COUNT(*) FROM {{table}} WHERE publication_id = {0} AND {{column}} >= d.value AND {{column}} < d.until AND {{condition}}) AS number
            FROM (SELECT key, value, LEAD(value) OVER (ORDER BY key) AS until FROM json_each({1})) d WHERE d.until IS NOT NULL
            """, publication, JsonSerializer.Serialize(bounds.Select(bound => AsStored(bound)))).ToListAsync(cancellation);
#pragma warning restore EF1002
    }

    /// <summary>As SQLite's columns hold it: ids in upper case, times in microseconds.</summary>
    private static string AsStored<T>(T bound) => bound is DateTimeOffset time
        ? ((time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond).ToString(CultureInfo.InvariantCulture)
        : bound!.ToString()!.ToUpperInvariant();
}
