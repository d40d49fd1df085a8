using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Figures;

internal sealed record DayCount(int SignUps, int Confirmed, int WentAway);

/// <summary>What happened between midnights, counted by ranges of indexes: nothing is kept up to date for it that sign-ups would have to wait for.</summary>
internal static class DayCounts
{
    // Ids are made of the time of the sign-up, so that their index serves for it.
    private const string Counts =
        """
        SELECT
            CAST((SELECT COUNT(*) FROM subscribers s WHERE s.publication_id = {0} AND s.id >= d.first_id AND s.id < d.end_id) AS integer) AS sign_ups,
            CAST((SELECT COUNT(*) FROM subscribers s WHERE s.publication_id = {0} AND s.confirmed_at >= d.begins AND s.confirmed_at < d.ends) AS integer) AS confirmed,
            CAST((SELECT COUNT(*) FROM subscribers s WHERE s.publication_id = {0} AND s.left_at >= d.begins AND s.left_at < d.ends AND s.left_at > s.confirmed_at)
                + (SELECT COUNT(*) FROM erasures e WHERE e.publication_id = {0} AND e.requested_at >= d.begins AND e.requested_at < d.ends) AS integer) AS went_away
        FROM (
            SELECT n, first_id, LEAD(first_id) OVER (ORDER BY n) AS end_id, begins, LEAD(begins) OVER (ORDER BY n) AS ends FROM {midnights}
        ) d WHERE d.ends IS NOT NULL ORDER BY d.n
        """;

    /// <param name="midnights">One more than there are days.</param>
    public static Task<List<DayCount>> CountByDayAsync(this SubscriberDb db, Guid publication, IReadOnlyList<DateTimeOffset> midnights, CancellationToken cancellation)
    {
        var ids = midnights.Select(TimeIds.FirstAt).ToArray();
        if (!db.IsSqlite)
        {
            var sql = Counts.Replace("{midnights}", "unnest({1}, {2}) WITH ORDINALITY AS m(first_id, begins, n)", StringComparison.Ordinal);
            return db.Database.SqlQueryRaw<DayCount>(sql, publication, ids, midnights.ToArray()).ToListAsync(cancellation);
        }
        // As its columns hold them: ids in upper case, times in microseconds.
        var rows = midnights.Zip(ids, (time, id) => new object[] { id.ToString().ToUpperInvariant(), (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond });
        var json = Counts.Replace("{midnights}", "(SELECT key AS n, value ->> 0 AS first_id, value ->> 1 AS begins FROM json_each({1}))", StringComparison.Ordinal);
        return db.Database.SqlQueryRaw<DayCount>(json, publication, JsonSerializer.Serialize(rows)).ToListAsync(cancellation);
    }
}
