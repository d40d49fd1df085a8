using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Billing.Reconciliation;

/// <summary>The gauge of subscriptions by status; counted once a minute, so that a scrape costs no query.</summary>
internal sealed class SubscriptionCounts
{
    private volatile IReadOnlyList<Measurement<long>> _latest = [];

    public SubscriptionCounts() =>
        NewsletterTelemetry.Meter.CreateObservableGauge("newsletter.billing.subscriptions", () => _latest, "{subscription}", "Subscriptions by status");

    public async Task RefreshAsync(BillingDb db, CancellationToken cancellation)
    {
        var counts = await db.Subscriptions.GroupBy(s => s.Status).Select(g => new { g.Key, Count = g.LongCount() }).ToListAsync(cancellation);
        _latest = [.. counts.Select(c => new Measurement<long>(c.Count, new KeyValuePair<string, object?>("status", c.Key.ToString())))];
    }
}
