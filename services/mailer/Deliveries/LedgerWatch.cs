using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Counts recent editions' ledgers against their recipients: any difference is a letter lost or counted twice.</summary>
internal sealed class LedgerWatch(IServiceScopeFactory scopes, TimeProvider time, ILogger<LedgerWatch> log) : Worker(TimeSpan.FromMinutes(1), log)
{
    private static readonly TimeSpan Recent = TimeSpan.FromDays(3);
    private static readonly Gauge<long> Difference = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.ledger.difference", "{letter}", "Recipients of recent editions less the sum of their ledger's states; must be 0");
    private static readonly Gauge<long> Uncertain = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.batches.uncertain", "{batch}", "Batches of which it is not known whether the provider took them");

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var since = time.GetUtcNow() - Recent;
        // One statement, hence one snapshot: a chunk that is being written is in both numbers or in neither.
        var counts = await db.Editions.AsNoTracking().Where(e => e.CreatedAt > since && e.LedgerPrunedAt == null)
            .Select(e => new { e.Recipients, Rows = db.Deliveries.Count(d => d.EditionId == e.Id) }).ToListAsync(stopping);
        Difference.Record(counts.Sum(c => (long)Math.Abs(c.Recipients - c.Rows)));
        Uncertain.Record(await db.Batches.CountAsync(b => b.State == BatchState.Uncertain, stopping));
        return false;
    }
}
