using System.Diagnostics.Metrics;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Mailer.Pace;

/// <summary>What pace holds back. Labels are providers and bounded words, never a domain.</summary>
internal static class PaceMetrics
{
    private static readonly Counter<long> Letters = NewsletterTelemetry.Meter.CreateCounter<long>(
        "newsletter.pace.letters", "{letter}", "Letters that were put off because of pace, each time that they were");
    private static readonly Counter<long> Holds = NewsletterTelemetry.Meter.CreateCounter<long>(
        "newsletter.pace.holds", "{hold}", "Times that an account or a domain asked us to wait");
    private static readonly Gauge<long> HeldNow = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.pace.held", "{hold}", "Accounts and domains that nothing is sent to for now because they asked for that");

    /// <summary>So that the first of a kind is a rise from 0.</summary>
    public static void Begin(string provider)
    {
        foreach (var reason in PutOff.Words) Letters.Add(0, new KeyValuePair<string, object?>("provider", provider), new("reason", reason));
        foreach (var reason in HoldReasons.All) Holds.Add(0, new KeyValuePair<string, object?>("provider", provider), new("scope", "account"), new("reason", reason));
    }

    public static void PutOffBy(string provider, string reason, int letters) =>
        Letters.Add(letters, new KeyValuePair<string, object?>("provider", provider), new("reason", reason));

    /// <param name="scope"><c>account</c> or <c>domain</c>.</param>
    public static void Held(string provider, string scope, string reason) =>
        Holds.Add(1, new KeyValuePair<string, object?>("provider", provider), new("scope", scope), new("reason", reason));

    public static void Standing(string provider, string scope, int holds) =>
        HeldNow.Record(holds, new KeyValuePair<string, object?>("provider", provider), new("scope", scope));
}
