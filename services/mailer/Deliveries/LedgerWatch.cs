using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Counts recent editions' ledgers against their recipients: any difference is a letter lost or counted twice.</summary>
internal sealed class LedgerWatch : Worker
{
    private static readonly TimeSpan Recent = TimeSpan.FromDays(3);
    private readonly IServiceScopeFactory _scopes;
    private readonly TimeProvider _time;
    private long _difference;
    private long _uncertain;

    public LedgerWatch(IServiceScopeFactory scopes, TimeProvider time, ILogger<LedgerWatch> log) : base(TimeSpan.FromMinutes(1), log)
    {
        (_scopes, _time) = (scopes, time);
        NewsletterTelemetry.Meter.CreateObservableGauge("newsletter_ledger_difference", () => Interlocked.Read(ref _difference), description: "Recipients of recent editions less the sum of their ledger's states; must be 0");
        NewsletterTelemetry.Meter.CreateObservableGauge("newsletter_uncertain_batches", () => Interlocked.Read(ref _uncertain), description: "Batches of which it is not known whether the provider took them");
    }

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = _scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var since = _time.GetUtcNow() - Recent;
        // One statement, hence one snapshot: a chunk that is being written is in both numbers or in neither.
        var counts = await db.Editions.AsNoTracking().Where(e => e.CreatedAt > since)
            .Select(e => new { e.Recipients, Rows = db.Deliveries.Count(d => d.EditionId == e.Id) }).ToListAsync(stopping);
        Interlocked.Exchange(ref _difference, counts.Sum(c => (long)Math.Abs(c.Recipients - c.Rows)));
        Interlocked.Exchange(ref _uncertain, await db.Batches.CountAsync(b => b.State == BatchState.Uncertain, stopping));
        return false;
    }
}
