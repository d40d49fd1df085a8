using System.Diagnostics.Metrics;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Mailer.Bounces;

internal static class BounceMetrics
{
    private static readonly Counter<long> Mails = NewsletterTelemetry.Meter.CreateCounter<long>(
        "newsletter.bounce.mails", "{mail}", "Mails that came to the address of bounces, by what they are and whether they are about a letter of ours");

    /// <summary>So that the first of a kind is a rise from 0.</summary>
    public static void Begin()
    {
        foreach (var form in (string[])["dsn", "arf", "text"]) Mails.Add(0, new KeyValuePair<string, object?>("form", form), new("letter", "found"));
    }

    /// <param name="form">A bounded word: <c>dsn</c>, <c>arf</c>, <c>text</c>, <c>other</c>, <c>too_large</c>.</param>
    public static void Came(string form, bool found) =>
        Mails.Add(1, new KeyValuePair<string, object?>("form", form), new("letter", found ? "found" : "none"));
}
