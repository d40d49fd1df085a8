using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Webhooks;

/// <summary>Remembers which events were counted, a call's thousand in one statement.</summary>
internal static class EventIds
{
    /// <summary>Those that nobody has counted yet. Of two processes that ask for the same one at once, the later waits for the other's commit.</summary>
    public static async Task<HashSet<string>> TakeAsync(MailerDb db, IEnumerable<MailEvent> events, DateTimeOffset now, CancellationToken cancellation)
    {
        // In one order everywhere, so that two calls with the same events do not wait for each other.
        var ids = events.Select(e => e.Id).Distinct().Order(StringComparer.Ordinal).ToArray();
        var taken = db.IsSqlite
            ? db.Database.SqlQuery<string>(
                $"""
                INSERT INTO provider_events (id, received_at)
                SELECT value, {(now - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond} FROM json_each({JsonSerializer.Serialize(ids)}) WHERE true
                ON CONFLICT (id) DO NOTHING RETURNING id
                """)
            : db.Database.SqlQuery<string>(
                $"INSERT INTO provider_events (id, received_at) SELECT id, {now} FROM unnest({ids}) AS id ON CONFLICT (id) DO NOTHING RETURNING id");
        return [.. await taken.ToListAsync(cancellation)];
    }
}
