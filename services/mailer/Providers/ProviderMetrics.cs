using System.Diagnostics.Metrics;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Mailer.Providers;

/// <summary>How the mail provider answers. Labels are its name and a word for the answer.</summary>
internal static class ProviderMetrics
{
    private static readonly Histogram<double> Calls = NewsletterTelemetry.Meter.CreateHistogram<double>(
        "newsletter.provider.call.duration", "s", "Time of one call of the mail provider",
        advice: new() { HistogramBucketBoundaries = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] });
    private static readonly Counter<long> Letters = NewsletterTelemetry.Meter.CreateCounter<long>(
        "newsletter.provider.letters", "{letter}", "Letters handed to the mail provider, by its answer");

    private static readonly UpDownCounter<long> Circuits = NewsletterTelemetry.Meter.CreateUpDownCounter<long>(
        "newsletter.provider.circuits.open", "{account}", "Accounts at a mail provider that this process sends nothing through because they are away");

    /// <summary>So that the first one to open is a rise from 0.</summary>
    public static void Begin(string provider) => CircuitOpened(provider, 0);

    public static void CircuitOpened(string provider, int more) => Circuits.Add(more, new KeyValuePair<string, object?>("provider", provider));

    public static void Called(string provider, IReadOnlyList<SendOutcome> outcomes, TimeSpan took)
    {
        var name = new KeyValuePair<string, object?>("provider", provider);
        Calls.Record(took.TotalSeconds, name, new("outcome", OutcomeOf(outcomes)));
        foreach (var group in outcomes.GroupBy(WordOf)) Letters.Add(group.Count(), name, new("outcome", group.Key));
    }

    /// <summary>Of a whole call: all accepted, some of them, or what the first one was.</summary>
    public static string OutcomeOf(IReadOnlyList<SendOutcome> outcomes) =>
        outcomes.All(o => o is SendOutcome.Accepted) ? "accepted" : outcomes.Any(o => o is SendOutcome.Accepted) ? "partly" : WordOf(outcomes[0]);

    /// <summary><c>accepted</c>, <c>rejected</c>, <c>deferred</c> or <c>unknown</c>.</summary>
    public static string WordOf(SendOutcome outcome) => outcome switch
    {
        SendOutcome.Accepted => "accepted",
        SendOutcome.Rejected => "rejected",
        SendOutcome.Deferred => "deferred",
        _ => "unknown",
    };
}
