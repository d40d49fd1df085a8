using System.Diagnostics.Metrics;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>What sending looks like from outside. Labels are states and kinds: bounded, and nobody's.</summary>
internal static class DeliveryMetrics
{
    private static readonly InstrumentAdvice<double> UpToHours = new() { HistogramBucketBoundaries = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400] };
    private static readonly Counter<long> Deliveries =
        NewsletterTelemetry.Meter.CreateCounter<long>("newsletter.deliveries", "{letter}", "Letters of editions that came into a state");
    private static readonly Counter<long> Reactions =
        NewsletterTelemetry.Meter.CreateCounter<long>("newsletter.letter.reactions", "{letter}", "Letters of editions that were opened, clicked, complained of or unsubscribed from, once each");
    private static readonly Histogram<double> First =
        NewsletterTelemetry.Meter.CreateHistogram("newsletter.edition.first_accepted", "s", "From a post's first publishing, or a roundup's making, to the first accepted batch", advice: UpToHours);
    private static readonly Histogram<double> Last =
        NewsletterTelemetry.Meter.CreateHistogram("newsletter.edition.last_accepted", "s", "From a post's first publishing, or a roundup's making, to the last accepted batch", advice: UpToHours);
    private static readonly Counter<long> Transactional =
        NewsletterTelemetry.Meter.CreateCounter<long>("newsletter.transactional.mails", "{mail}", "Transactional mails by outcome");

    /// <summary>So that the first of a kind is a rise from 0: rates of what has not been counted yet are no number.</summary>
    public static void Begin()
    {
        foreach (var state in Enum.GetValues<DeliveryState>()) Deliveries.Add(0, new KeyValuePair<string, object?>("state", WordOf(state)));
        Reacted(new());
    }

    public static void Moved(DeliveryState state, int count)
    {
        if (count > 0) Deliveries.Add(count, new KeyValuePair<string, object?>("state", WordOf(state)));
    }

    public static void Reacted(EditionCounters counts)
    {
        foreach (var (kind, count) in ((string, int)[])[("open", counts.Opens), ("machine_open", counts.MachineOpens), ("click", counts.Clicks),
            ("machine_click", counts.MachineClicks), ("complaint", counts.Complaints), ("unsubscribe", counts.Unsubscribes)])
            // A click that turned out to be a program's is taken back from the figures; a rate has no use for that.
            Reactions.Add(Math.Max(0, count), new KeyValuePair<string, object?>("kind", kind));
    }

    public static void Mailed(string outcome) => Transactional.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    public static void EditionSent(Edition edition, DateTimeOffset begun)
    {
        var kind = new KeyValuePair<string, object?>("kind", edition.Kind.ToString().ToLowerInvariant());
        if (edition.FirstAcceptedAt is { } first) First.Record(Math.Max(0, (first - begun).TotalSeconds), kind);
        if (edition.LastAcceptedAt is { } last) Last.Record(Math.Max(0, (last - begun).TotalSeconds), kind);
    }

    public static string WordOf(DeliveryState state) => state.ToString().ToLowerInvariant();
}
