using System.Diagnostics.Metrics;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Billing.Reconciliation;

/// <summary>What is counted once a minute, so that a scrape costs no query: subscriptions by status, and how long Stripe's news wait.</summary>
internal sealed class SubscriptionCounts(TimeProvider time)
{
    private static readonly Gauge<long> Subscriptions =
        NewsletterTelemetry.Meter.CreateGauge<long>("newsletter.subscriptions", "{subscription}", "Subscriptions by status");

    public async Task RefreshAsync(BillingDb db, CancellationToken cancellation)
    {
        var counts = await db.Subscriptions.GroupBy(s => s.Status).Select(g => new { g.Key, Count = g.LongCount() }).ToDictionaryAsync(g => g.Key, g => g.Count, cancellation);
        foreach (var status in Enum.GetValues<SubscriptionStatus>())
            Subscriptions.Record(counts.GetValueOrDefault(status), new KeyValuePair<string, object?>("status", JsonNamingPolicy.SnakeCaseLower.ConvertName(status.ToString())));
        var oldest = await db.StripeObjects.AsNoTracking().Where(o => o.DueAt != null).MinAsync(o => (DateTimeOffset?)o.RaisedAt, cancellation);
        WebhookMetrics.Waits("stripe", oldest, time);
    }
}
