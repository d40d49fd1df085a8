using System.Runtime.CompilerServices;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;

namespace Newsletter.Billing.Statistics;

/// <param name="Quarter">Quarters of an hour since 1970: no zone's day begins in the middle of one.</param>
internal sealed record QuarterCount(long Quarter, int Grants);

/// <summary>Counts beginnings and ends of grants by quarters of an hour, by the indexes of their times.</summary>
internal static class MemberCount
{
    public const long Seconds = 900;

    public static Task<List<QuarterCount>> StartedAsync(BillingDb db, Guid publication, DateTimeOffset from, DateTimeOffset now) =>
        CountAsync(db, "\"from\"", "AND (NOT deleted OR removed_at IS NOT NULL)", publication, from, now);

    public static async Task<List<QuarterCount>> EndedAsync(BillingDb db, Guid publication, DateTimeOffset from, DateTimeOffset now) =>
    [
        .. await CountAsync(db, "until", "AND NOT deleted", publication, from, now),
        // Of one that had run out before, nothing was taken back.
        .. await CountAsync(db, "removed_at", "AND deleted AND removed_at < until", publication, from, now),
        .. await CountAsync(db, "until", "AND deleted AND removed_at >= until", publication, from, now),
    ];

    private static Task<List<QuarterCount>> CountAsync(BillingDb db, string column, string which, Guid publication, DateTimeOffset from, DateTimeOffset now)
    {
        var quarter = db.IsSqlite ? $"{column} / {Seconds * 1_000_000}" : $"floor(extract(epoch FROM {column}) / {Seconds})::bigint";
        var sql = $$"""
            SELECT {{quarter}} AS quarter, CAST(count(*) AS int) AS grants FROM grants
            WHERE publication_id = {0} AND {{column}} >= {1} AND {{column}} <= {2} AND subscriber_id IS NOT NULL {{which}} GROUP BY 1
            """;
        object At(DateTimeOffset time) => db.IsSqlite ? (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond : time.ToUniversalTime();
        return db.Database.SqlQuery<QuarterCount>(FormattableStringFactory.Create(sql, publication, At(from), At(now))).ToListAsync();
    }
}
