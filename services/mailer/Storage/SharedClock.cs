using Microsoft.EntityFrameworkCore;

namespace Newsletter.Mailer.Storage;

/// <summary>
/// The database's time, by which processes judge each other's claims, and when something is due: a machine's own clock may jump. Asked for every ten
/// seconds, counted on by the machine's timer in between. On SQLite there is one machine: it is asked for once.
/// </summary>
internal class SharedClock(IServiceScopeFactory scopes, TimeProvider time)
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromSeconds(10);
    private volatile Reading? _last;

    protected TimeProvider Time => time;

    /// <summary>As far as it was asked for: by whoever has done so lately. Before anybody has, the machine's.</summary>
    public DateTimeOffset Now => _last is { } last ? last.At + time.GetElapsedTime(last.Stamp) : time.GetUtcNow();

    public async ValueTask<DateTimeOffset> NowAsync(CancellationToken cancellation)
    {
        if (_last is not { } last || (!last.Lasts && time.GetElapsedTime(last.Stamp) >= AskEvery)) _last = last = await ReadAsync(cancellation);
        return last.At + time.GetElapsedTime(last.Stamp);
    }

    protected virtual async Task<DateTimeOffset> AskAsync(MailerDb db, CancellationToken cancellation) => db.IsSqlite
        ? DateTimeOffset.FromUnixTimeMilliseconds(await db.Database.SqlQuery<long>($"SELECT CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER) AS Value").SingleAsync(cancellation))
        : await db.Database.SqlQuery<DateTimeOffset>($"SELECT clock_timestamp() AS \"Value\"").SingleAsync(cancellation);

    private async Task<Reading> ReadAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        await db.Database.OpenConnectionAsync(cancellation);
        // Before it is asked: rather ahead by a moment than behind what has happened already.
        var stamp = time.GetTimestamp();
        return new(await AskAsync(db, cancellation), stamp, db.IsSqlite);
    }

    private sealed record Reading(DateTimeOffset At, long Stamp, bool Lasts);
}
