using System.Diagnostics.Metrics;
using Newsletter.Content.Publications;
using Newsletter.Content.Readers;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Content.Gates;

/// <summary>What one request may see of one post.</summary>
/// <param name="IsPersonal">The answer depends on who asks: no shared cache may keep it.</param>
/// <param name="Read">Posts that the meter has opened this month, this one included; none: it did not come to that.</param>
internal sealed record Admission(Gate Gate, ReaderFacts Reader, bool IsPersonal, int? Read, int? Free);

/// <summary>Finds the facts, asks the gate, and counts.</summary>
internal sealed class GateKeeper(Readers.Meter meter, TimeProvider time)
{
    private static readonly Counter<long> Decisions = NewsletterTelemetry.Meter.CreateCounter<long>(
        "newsletter.gate.decisions", "{decision}", "Gate decisions by decision and reason");

    private static readonly string[] Crawlers = ["bot", "crawl", "spider", "slurp", "facebookexternalhit", "embedly", "preview", "whatsapp", "telegram"];

    public async ValueTask<Admission> AdmitAsync(
        HttpContext http, ContentDb db, Caller? caller, KnownPublication publication, Post post, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var facts = FactsOf(post);
        var reader = await ReaderLookup.FindAsync(db, caller, publication.Snapshot.Id, now, cancellation);
        if (caller is null && IsCrawler(http)) reader = reader with { IsCrawler = true };
        var gate = Gate.Decide(facts, reader, publication.Gate, now);
        IReadOnlyCollection<Guid>? read = null;
        // Only where nothing else opens it is the meter looked at.
        if (gate.Reason == GateReason.Meter)
        {
            read = await meter.ReadAsync(http, db, caller, publication, cancellation);
            gate = Gate.Decide(facts, reader with { MeterRead = read }, publication.Gate, now);
            if (gate.TakesFromMeter) await meter.TakeAsync(http, db, caller, publication, read, post.Id, cancellation);
        }
        Decisions.Add(1, new("decision", Words.Of(gate.Decision)), new("reason", Words.Of(gate.Reason)));
        return new(gate, reader, caller is not null || read is not null || reader.IsCrawler, read is null ? null : read.Count + (gate.TakesFromMeter ? 1 : 0), publication.Gate.MeterPerMonth);
    }

    public static PostFacts FactsOf(Post post) => new(post.Id, post.Access, post.Tiers, post.KeepOpen, post.PublishedAt ?? post.UpdatedAt);

    private static bool IsCrawler(HttpContext http)
    {
        var agent = http.Request.Headers.UserAgent.ToString();
        return Crawlers.Any(crawler => agent.Contains(crawler, StringComparison.OrdinalIgnoreCase));
    }
}

/// <summary>The words of the API for what is decided.</summary>
internal static class Words
{
    public static string Of(GateDecision decision) => decision switch
    {
        GateDecision.Open => "open",
        GateDecision.Nudge => "nudge",
        GateDecision.SignUp => "sign_up",
        GateDecision.MeterSpent => "meter_spent",
        _ => "upgrade",
    };

    public static string Of(GateReason reason) => reason.ToString().ToLowerInvariant();

    public static string Of(Access access) => access.ToString().ToLowerInvariant();
}
