using System.Diagnostics.Metrics;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Mailer.Webhooks;

internal static class EventMetrics
{
    private static readonly Counter<long> Events = NewsletterTelemetry.Meter.CreateCounter<long>(
        "newsletter.provider.events", "{event}", "Events of the mail provider: new, repeated, unknown or of no kind that is known");

    public static void Told(string outcome, int count)
    {
        if (count > 0) Events.Add(count, new KeyValuePair<string, object?>("outcome", outcome));
    }
}
