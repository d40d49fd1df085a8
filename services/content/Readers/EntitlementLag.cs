using System.Diagnostics.Metrics;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Content.Readers;

/// <summary>How long somebody who paid waits for what they paid for: from Stripe's event to the grant that the gate sees.</summary>
internal static class EntitlementLag
{
    private static readonly Histogram<double> Lag = NewsletterTelemetry.Meter.CreateHistogram<double>(
        "newsletter.entitlement.lag", "s", "From Stripe's event to the grant being known where posts are gated",
        advice: new() { HistogramBucketBoundaries = [0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 86_400] });

    public static void Took(TimeSpan time) => Lag.Record(Math.Max(0, time.TotalSeconds));
}
