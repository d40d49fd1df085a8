using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Pace;

internal readonly record struct Hold(DateTimeOffset Until, string Reason, int Strikes);

/// <summary>
/// Accounts and domains that asked us to wait. They are in the database, and each process reads them again when it sends and has not for a second; so all
/// of them wait, a restart changes nothing, and a letter costs no query.
/// </summary>
internal sealed partial class SendingHolds(IServiceScopeFactory scopes, SharedClock clock, TimeProvider time, ILogger<SendingHolds> log)
{
    /// <summary>So long after a hold another one is the next in a row, and longer.</summary>
    public static readonly TimeSpan Memory = TimeSpan.FromHours(1);
    /// <summary>Mail to one person, which waits for it too, goes first: it is looked for every two seconds.</summary>
    public static readonly TimeSpan Priority = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<(Guid Account, string Domain), Hold> _known = new();
    private long _readAt = long.MinValue;
    private int _reading;

    /// <summary>Reads what other processes have learned, unless that was just done.</summary>
    public async ValueTask RefreshAsync(MailerDb db, CancellationToken cancellation)
    {
        if (_readAt != long.MinValue && time.GetElapsedTime(_readAt) < Fresh) return;
        if (Interlocked.Exchange(ref _reading, 1) == 1) return;
        try
        {
            var since = clock.Now - Memory;
            foreach (var hold in await db.SendingHolds.AsNoTracking().Where(h => h.Until > since).ToListAsync(cancellation))
                Learn((hold.AccountId, hold.Domain), new(hold.Until, hold.Reason, hold.Strikes));
            foreach (var (key, hold) in _known)
            {
                if (hold.Until < since) _known.TryRemove(new(key, hold));
            }
            _readAt = time.GetTimestamp();
        }
        finally
        {
            _reading = 0;
        }
    }

    /// <summary>The hold of this moment, or the one that has ended within the last hour.</summary>
    public Hold? Of(Guid account, string domain = SendingHold.All) => !_known.IsEmpty && _known.TryGetValue((account, domain), out var hold) ? hold : null;

    public DateTimeOffset? Until(Guid account) => Of(account) is { } hold && hold.Until > clock.Now ? hold.Until : null;

    /// <summary>What is under way when a hold begins tells nothing new. It is kept here at once; should the database not take it, other processes learn it from their own answers.</summary>
    /// <param name="asked">How long the server wants to be left alone, if it said so.</param>
    public async Task HoldAsync(Guid account, string provider, string domain, string reason, TimeSpan? asked)
    {
        var now = clock.Now;
        var before = Of(account, domain);
        var strikes = before is not { } known || known.Until + Memory < now ? 1 : known.Until > now ? known.Strikes : known.Strikes + 1;
        if (before?.Until > now && (asked is null || now + asked <= before.Value.Until)) return;
        var hold = new Hold(now + (asked ?? HoldTimes.Of(reason, strikes)), reason, strikes);
        Learn((account, domain), hold);
        PaceMetrics.Held(provider, domain.Length == 0 ? "account" : "domain", reason);
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await KeepAsync(scope.ServiceProvider.GetRequiredService<MailerDb>(), SendingHold.Of(account, provider, domain, reason, hold.Until, strikes));
        }
        catch (Exception e)
        {
            // The answers that it came with are worth more than it.
            NotKept(account, e.GetBaseException().GetType().Name);
        }
    }

    public Task PruneAsync(MailerDb db, CancellationToken cancellation)
    {
        var past = clock.Now - Memory;
        return db.SendingHolds.Where(h => h.Until < past).ExecuteDeleteAsync(cancellation);
    }

    private void Learn((Guid, string) key, Hold hold) => _known.AddOrUpdate(key, hold, (_, known) => known.Until > hold.Until ? known : hold);

    private static async Task KeepAsync(MailerDb db, SendingHold hold)
    {
        if (await ProlongAsync(db, hold) > 0) return;
        db.Add(hold);
        try
        {
            await db.SaveChangesAsync(CancellationToken.None);
        }
        catch (DbUpdateException e) when (Defaults.Storage.DatabaseFailure.IsUniqueViolation(e))
        {
            await ProlongAsync(db, hold);
        }
    }

    private static Task<int> ProlongAsync(MailerDb db, SendingHold hold) => db.SendingHolds.Where(h => h.AccountId == hold.AccountId && h.Domain == hold.Domain)
        .ExecuteUpdateAsync(s => s
            .SetProperty(h => h.Until, h => h.Until > hold.Until ? h.Until : hold.Until)
            .SetProperty(h => h.Strikes, h => h.Until > hold.Until ? h.Strikes : hold.Strikes)
            .SetProperty(h => h.Reason, hold.Reason), CancellationToken.None);

    [LoggerMessage(Level = LogLevel.Warning, Message = "That account {Account} asked to wait could not be written down ({Reason})")]
    private partial void NotKept(Guid account, string reason);
}

/// <summary>How long who does not say so is left alone: twice as long each time in a row, each up to a fifth longer.</summary>
internal static class HoldTimes
{
    public static TimeSpan Of(string reason, int strikes)
    {
        var (first, most) = reason switch
        {
            HoldReasons.TooManyRequests => (TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(10)),
            HoldReasons.TooManyConnections => (TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5)),
            HoldReasons.RateLimited => (TimeSpan.FromMinutes(1), TimeSpan.FromHours(1)),
            _ => (TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(10)),
        };
        var seconds = Math.Min(most.TotalSeconds, first.TotalSeconds * Math.Pow(2, Math.Min(strikes, 20) - 1));
        return TimeSpan.FromSeconds(seconds * (1 + Random.Shared.NextDouble() / 5));
    }
}

/// <summary>Why an account or a domain is left alone.</summary>
internal static class HoldReasons
{
    public const string TooManyRequests = "too_many_requests";
    public const string TooManyConnections = "too_many_connections";
    public const string RateLimited = "rate_limited";
    public const string Busy = "busy";
    public static readonly string[] All = [TooManyRequests, TooManyConnections, RateLimited, Busy];
}
