using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Pace;

/// <summary>Counts what is held back every 15 s, and drops what says nothing any more.</summary>
internal sealed class PaceWatch(IServiceScopeFactory scopes, Allowances allowances, SendingHolds holds, SharedClock clock, ILogger<PaceWatch> log) : Worker(TimeSpan.FromSeconds(15), log)
{
    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var now = await clock.NowAsync(stopping);
        await allowances.PruneAsync(db, stopping);
        await holds.PruneAsync(db, stopping);
        var standing = await db.SendingHolds.AsNoTracking().Where(h => h.Until > now)
            .GroupBy(h => new { h.Provider, IsAccount = h.Domain == SendingHold.All }).Select(g => new { g.Key.Provider, g.Key.IsAccount, Count = g.Count() }).ToListAsync(stopping);
        foreach (var provider in ProviderFactory.Names)
        {
            foreach (var isAccount in (bool[])[true, false])
                PaceMetrics.Standing(provider, isAccount ? "account" : "domain", standing.Find(s => s.Provider == provider && s.IsAccount == isAccount)?.Count ?? 0);
        }
        return false;
    }
}
