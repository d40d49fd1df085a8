using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Looks every 15 s at what waits longest: a letter that is due, a call of the provider's webhook that is not worked out.</summary>
internal sealed class DelayWatch(IServiceScopeFactory scopes, TimeProvider time, ILogger<DelayWatch> log) : Worker(TimeSpan.FromSeconds(15), log)
{
    private static readonly Gauge<double> Letters = NewsletterTelemetry.Meter.CreateGauge<double>(
        "newsletter.letter.delay", "s", "How long the letter that waits longest has been due");

    // Until then whoever sends it has seen it again.
    private static readonly TimeSpan HeldLately = TimeSpan.FromMinutes(1);

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var now = time.GetUtcNow();
        Letters.Record(Since(now, await OldestOfEditionsAsync(db, now, stopping)), new KeyValuePair<string, object?>("kind", "edition"));
        var mail = await db.TransactionalMails.AsNoTracking().Where(m => m.State == TransactionalState.Queued).MinAsync(m => (DateTimeOffset?)m.CreatedAt, stopping);
        Letters.Record(Since(now, mail), new KeyValuePair<string, object?>("kind", "transactional"));

        var calls = await db.WebhookCalls.AsNoTracking().GroupBy(c => c.Provider).Select(g => new { Provider = g.Key, Oldest = g.Min(c => c.ReceivedAt) }).ToListAsync(stopping);
        foreach (var provider in (string[])["sendgrid", "ses", "smtp"]) WebhookMetrics.Waits(provider, calls.Find(c => c.Provider == provider)?.Oldest, time);
        return false;
    }

    /// <summary>
    /// Paused editions wait for somebody, not for us, and those that our own rates and plans hold back for their hour. A batch that was put off is as old as its edition: its own time moves on with every try. An edition
    /// whose audience is not written yet has no batch to go by.
    /// </summary>
    private static async Task<DateTimeOffset?> OldestOfEditionsAsync(MailerDb db, DateTimeOffset now, CancellationToken cancellation)
    {
        var open = await db.Editions.AsNoTracking()
            .Where(e => e.PausedAt == null && e.DueAt <= now && (e.HeldUntil == null || e.HeldUntil < now - HeldLately) && (e.State == EditionState.Preparing || e.State == EditionState.Sending))
            .Select(e => new
            {
                e.DueAt,
                e.SlotAt,
                IsPreparing = e.State == EditionState.Preparing,
                Untried = db.Batches.Where(b => b.EditionId == e.Id && b.State == BatchState.Queued && b.Attempts == 0 && b.DueAt <= now).Min(b => (DateTimeOffset?)b.DueAt),
                AnyPutOff = db.Batches.Any(b => b.EditionId == e.Id && b.State == BatchState.Queued && b.Attempts > 0),
            }).ToListAsync(cancellation);
        return open.Min(e => e.AnyPutOff ? e.SlotAt > e.DueAt ? e.SlotAt : e.DueAt : e.Untried ?? (e.IsPreparing ? e.DueAt : null));
    }

    private static double Since(DateTimeOffset now, DateTimeOffset? at) => at < now ? (now - at.Value).TotalSeconds : 0;
}
