using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Newsletter.Mailer.Storage;

/// <summary>
/// Makes the ledger's monthly partitions ahead of time, on PostgreSQL: a month that has begun in the default partition stays there.
/// Two thirds of each page are left free: a row is written again as sending and as accepted before anything can be tidied up, and as long as that fits into its page no index is
/// touched (of an accepted letter 100 bytes of log, and 280 with half a page).
/// </summary>
internal static class LedgerPartitions
{
    private const int MonthsAhead = 3;

    public static async Task EnsureAsync(MailerDb db, DateTimeOffset now, CancellationToken cancellation)
    {
        if (db.IsSqlite) return;
        var first = MonthOf(now);
        for (var month = 0; month < MonthsAhead; month++)
        {
            var from = first.AddMonths(month);
            var name = "deliveries_" + from.ToString("yyyyMM", CultureInfo.InvariantCulture);
            // Of two processes that begin at once the second waits, and finds it made. Rows of this month may lie in the default partition: it is skipped.
            var sql =
                $"""
                DO $$ BEGIN
                    PERFORM pg_advisory_xact_lock(hashtext('ledger partitions'));
                    IF to_regclass('{name}') IS NULL
                       AND NOT EXISTS (SELECT 1 FROM deliveries_default WHERE edition_id >= '{Bound(from)}' AND edition_id < '{Bound(from.AddMonths(1))}') THEN
                        CREATE TABLE {name} PARTITION OF deliveries FOR VALUES FROM ('{Bound(from)}') TO ('{Bound(from.AddMonths(1))}') WITH (fillfactor = 30);
                    END IF;
                EXCEPTION WHEN duplicate_table OR invalid_object_definition THEN NULL;
                END $$
                """;
            await db.Database.ExecuteSqlRawAsync(sql, cancellation);
        }
    }

    /// <summary>
    /// Drops whole months before one whose editions have all been closed. That takes the whole ledger for a moment, so it waits no longer for it than
    /// letters can.
    /// </summary>
    /// <returns>False where the ledger was too busy: another time.</returns>
    public static async Task<bool> DropBeforeAsync(MailerDb db, DateTimeOffset month, CancellationToken cancellation)
    {
        if (db.IsSqlite) return true;
        var months = await db.Database.SqlQuery<string>(
            $"""
            SELECT substr(relname, 12) AS "Value" FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid
            WHERE inhparent = 'deliveries'::regclass AND relname ~ '^deliveries_[0-9]+$' ORDER BY 1
            """).ToListAsync(cancellation);
        foreach (var name in months)
        {
            var from = new DateTimeOffset(DateTime.ParseExact(name, "yyyyMM", CultureInfo.InvariantCulture), TimeSpan.Zero);
            var (first, next) = (LowestId(from), LowestId(from.AddMonths(1)));
            if (from >= month || await db.Editions.AnyAsync(e => e.Id >= first && e.Id < next && e.LedgerPrunedAt == null, cancellation)) continue;
            if (!await TryDropAsync(db, $"deliveries_{name}", cancellation)) return false;
        }
        return true;
    }

    private static async Task<bool> TryDropAsync(MailerDb db, string name, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        try
        {
            var sql = $"SET LOCAL lock_timeout = '1s'; DROP TABLE IF EXISTS {name}";
            await db.Database.ExecuteSqlRawAsync(sql, cancellation);
            await transaction.CommitAsync(cancellation);
            return true;
        }
        catch (PostgresException e) when (e.SqlState is PostgresErrorCodes.LockNotAvailable or PostgresErrorCodes.DeadlockDetected)
        {
            return false;
        }
    }

    public static DateTimeOffset MonthOf(DateTimeOffset at) => new(at.UtcDateTime.Year, at.UtcDateTime.Month, 1, 0, 0, 0, TimeSpan.Zero);

    public static Guid LowestId(DateTimeOffset instant) => Guid.Parse(Bound(instant));

    /// <summary>The lowest version 7 id of an instant: its 48 bits of milliseconds, then zeros.</summary>
    internal static string Bound(DateTimeOffset instant)
    {
        var ms = instant.ToUnixTimeMilliseconds().ToString("x12", CultureInfo.InvariantCulture);
        return $"{ms[..8]}-{ms[8..]}-0000-0000-000000000000";
    }
}
