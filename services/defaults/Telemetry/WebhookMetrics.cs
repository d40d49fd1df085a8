using System.Diagnostics.Metrics;

namespace Newsletter.Defaults.Telemetry;

/// <summary>How far behind a provider we are: its events, from the moment that it dates them by.</summary>
public static class WebhookMetrics
{
    private static readonly Histogram<double> Lag = NewsletterTelemetry.Meter.CreateHistogram<double>(
        "newsletter.webhook.lag", "s", "From an event at a provider to our taking it down (Stripe) or working it out (SendGrid, SES)",
        advice: new() { HistogramBucketBoundaries = [0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1800, 3600, 86_400] });
    private static readonly Gauge<double> Backlog = NewsletterTelemetry.Meter.CreateGauge<double>(
        "newsletter.webhook.backlog", "s", "How long the oldest news of a provider waits to be worked out");

    /// <param name="provider">A bounded word: <c>stripe</c>, <c>sendgrid</c>, <c>ses</c>.</param>
    public static void Took(string provider, TimeSpan lag) => Lag.Record(Math.Max(0, lag.TotalSeconds), Of(provider));

    /// <param name="since">Null: nothing waits.</param>
    public static void Waits(string provider, DateTimeOffset? since, TimeProvider time) =>
        Backlog.Record(since is { } from ? Math.Max(0, (time.GetUtcNow() - from).TotalSeconds) : 0, Of(provider));

    private static KeyValuePair<string, object?> Of(string provider) => new("provider", provider);
}
