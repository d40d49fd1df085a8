using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Pace;

/// <summary>
/// Rates that all processes keep together: a row for each, moved on by one statement for as many letters as a second allows. What has no rate costs
/// nothing.
/// </summary>
internal sealed class Allowances(SharedClock clock)
{
    private const long Second = 1_000_000;
    // Clocks of several machines, and ours when it jumps: what lies further ahead was written by a wrong one.
    private const long Skew = 10 * Second;

    /// <summary>So many letters are asked for at once.</summary>
    public static int BlockOf(double rate) => Math.Max(1, (int)rate);

    /// <returns>Null: they may leave now. Otherwise when to ask again.</returns>
    public async Task<DateTimeOffset?> TakeAsync(MailerDb db, Guid id, double rate, int letters, CancellationToken cancellation)
    {
        var now = Microseconds(clock.Now);
        var cost = CostOf(rate, letters);
        // After a rest, a second's worth may leave at once.
        var earliest = now - Second;
        var latest = LatestOf(now, rate);
        var moved = await db.Database.SqlQuery<long>(
            $"""
            INSERT INTO allowances (id, next_at) VALUES ({id}, {earliest + cost})
            ON CONFLICT (id) DO UPDATE SET next_at = {cost} + CASE WHEN allowances.next_at < {earliest} OR allowances.next_at > {latest} THEN {earliest} ELSE allowances.next_at END
            WHERE allowances.next_at <= {now} OR allowances.next_at > {latest}
            RETURNING next_at
            """).ToListAsync(cancellation);
        if (moved.Count > 0) return null;
        var next = await db.Allowances.AsNoTracking().Where(a => a.Id == id).Select(a => a.NextAt).FirstOrDefaultAsync(cancellation);
        return DateTimeOffset.UnixEpoch.AddMicroseconds(Math.Max(next, now));
    }

    /// <summary>Letters that do not wait: those that do wait longer for it.</summary>
    public Task OvertakeAsync(MailerDb db, Guid id, double rate, int letters, CancellationToken cancellation)
    {
        var (now, cost) = (Microseconds(clock.Now), CostOf(rate, letters));
        // What would lie further ahead would be taken for a wrong clock's.
        var latest = LatestOf(now, rate);
        return db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO allowances (id, next_at) VALUES ({id}, {now + cost})
            ON CONFLICT (id) DO UPDATE SET next_at = CASE
                WHEN allowances.next_at < {now} THEN {now + cost}
                WHEN allowances.next_at > {latest - cost} THEN {latest}
                ELSE allowances.next_at + {cost} END
            """, cancellation);
    }

    /// <summary>Those that nobody has asked for since say nothing any more.</summary>
    public Task PruneAsync(MailerDb db, CancellationToken cancellation)
    {
        var past = Microseconds(clock.Now) - 3600 * Second;
        return db.Allowances.Where(a => a.NextAt < past).ExecuteDeleteAsync(cancellation);
    }

    private static long LatestOf(long now, double rate) => now + Math.Max(Second, CostOf(rate, 1)) + Skew;

    private static long CostOf(double rate, int letters) => (long)(letters * Second / rate);

    private static long Microseconds(DateTimeOffset at) => (at - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;
}
