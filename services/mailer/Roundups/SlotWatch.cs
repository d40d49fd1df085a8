using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Roundups;

/// <summary>
/// Looks every minute, by itself, whether each roundup's last slot has its edition. One that has none a quarter of an hour after its time was missed; it is
/// still made within <see cref="Edition.Patience"/>, after which nobody waits for it and it is no longer counted.
/// </summary>
internal sealed class SlotWatch(IServiceScopeFactory scopes, TimeProvider time, ILogger<SlotWatch> log) : Worker(TimeSpan.FromMinutes(1), log)
{
    private static readonly TimeSpan Grace = TimeSpan.FromMinutes(15);
    private static readonly Gauge<long> Missed = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.roundup.slots.missed", "{slot}", "Roundup slots whose time is over for a quarter of an hour and that have no edition; must be 0");
    private static readonly Counter<long> Run = NewsletterTelemetry.Meter.CreateCounter<long>(
        "newsletter.roundup.slots", "{slot}", "Roundup slots whose edition was made, by how");

    /// <param name="how"><c>on_time</c>, <c>late</c>, or <c>early</c> by somebody's hand.</param>
    public static void Made(string how) => Run.Add(1, new KeyValuePair<string, object?>("how", how));

    public static string HowOf(DateTimeOffset cutOff, DateTimeOffset now) => now > cutOff + Grace ? "late" : "on_time";

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var missed = 0;
        foreach (var copy in await db.Set<PublicationCopy>().AsNoTracking().Where(p => !p.Deleted).ToListAsync(stopping))
        {
            var publication = copy.Snapshot;
            if (publication.Suspended) continue;
            foreach (var newsletter in publication.Newsletters.Where(n => n is { Kind: NewsletterKind.Roundup, Schedule: not null }))
            {
                if (Slots.Due(newsletter.Schedule!, publication.TimeZone, time.GetUtcNow() - Grace) is not { } slot) continue;
                if (!await db.Editions.AnyAsync(e => e.NewsletterId == newsletter.Id && e.SlotAt >= slot, stopping)) missed++;
            }
        }
        Missed.Record(missed);
        return false;
    }
}
