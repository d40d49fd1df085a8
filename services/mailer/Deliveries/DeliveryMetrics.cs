using System.Diagnostics.Metrics;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>What sending looks like from outside. Labels are states, providers and outcomes: bounded, and nobody's.</summary>
internal static class DeliveryMetrics
{
    private static readonly Counter<long> Deliveries =
        NewsletterTelemetry.Meter.CreateCounter<long>("newsletter_deliveries", description: "Deliveries that came into a state");
    private static readonly Histogram<double> First =
        NewsletterTelemetry.Meter.CreateHistogram<double>("newsletter_edition_first_accepted", "s", "From an edition's making to the first accepted batch");
    private static readonly Histogram<double> Last =
        NewsletterTelemetry.Meter.CreateHistogram<double>("newsletter_edition_last_accepted", "s", "From an edition's making to the last accepted batch");
    private static readonly Counter<long> Transactional =
        NewsletterTelemetry.Meter.CreateCounter<long>("newsletter_transactional_mails", description: "Transactional mails by outcome");

    public static void Moved(DeliveryState state, int count)
    {
        if (count > 0) Deliveries.Add(count, new KeyValuePair<string, object?>("state", WordOf(state)));
    }

    public static void Mailed(string outcome) => Transactional.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public static void EditionSent(Edition edition)
    {
        var kind = new KeyValuePair<string, object?>("kind", edition.Kind.ToString().ToLowerInvariant());
        if (edition.FirstAcceptedAt is { } first) First.Record((first - edition.CreatedAt).TotalSeconds, kind);
        if (edition.LastAcceptedAt is { } last) Last.Record((last - edition.CreatedAt).TotalSeconds, kind);
    }

    public static string WordOf(DeliveryState state) => state.ToString().ToLowerInvariant();
}
