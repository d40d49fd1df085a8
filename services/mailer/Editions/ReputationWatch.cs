using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

/// <summary>
/// Pauses an edition that too many readers call spam, or of which too many letters come back: from 0.3 % complaints on, Gmail and Yahoo refuse the
/// sender. It goes on when staff say so, and is then judged by what has happened since.
/// </summary>
internal sealed partial class ReputationWatch(IServiceScopeFactory scopes, IOptions<MailOptions> options, TimeProvider time, ILogger<ReputationWatch> log)
    : Worker(TimeSpan.FromSeconds(5), log)
{
    public const string Complaints = "too_many_complaints";
    public const string Bounces = "too_many_bounces";

    private static readonly Counter<long> Paused = NewsletterTelemetry.Meter.CreateCounter<long>(
        "newsletter.editions.paused", "{edition}", "Editions that paused themselves because of too many complaints or bounces");

    public override Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var reason in (string[])[Complaints, Bounces]) Paused.Add(0, new KeyValuePair<string, object?>("reason", reason));
        return base.StartAsync(cancellationToken);
    }

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var open = await db.Editions.Where(e => e.PausedAt == null && (e.State == EditionState.Preparing || e.State == EditionState.Sending)).ToListAsync(stopping);
        if (open.Count == 0) return false;
        var health = await EditionHealth.OfAsync(db, open.ConvertAll(e => e.Id), stopping);
        foreach (var edition in open)
        {
            if (FaultOf(health[edition.Id].Since(edition.Excused)) is { } fault) await PauseAsync(db, edition, fault, stopping);
        }
        return false;
    }

    private string? FaultOf(EditionHealth health)
    {
        var settings = options.Value;
        if (health.Letters < settings.PauseFrom) return null;
        if (health.Complaints >= settings.PauseComplaintsFrom && health.Complaints >= settings.PauseComplaints * health.Letters) return Complaints;
        return health.Bounced >= settings.PauseBounces * health.Letters ? Bounces : null;
    }

    private async Task PauseAsync(MailerDb db, Edition edition, string reason, CancellationToken stopping)
    {
        if (!edition.Pause(reason, time)) return;
        try
        {
            await db.SaveChangesAsync(stopping);
        }
        catch (DbUpdateConcurrencyException)
        {
            // Its audience was written on, or somebody else changed it: looked at again in a moment.
            db.Entry(edition).State = EntityState.Detached;
            return;
        }
        Paused.Add(1, new KeyValuePair<string, object?>("reason", reason));
        WasPaused(edition.Id, reason);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Edition {Edition} was paused: {Reason}")]
    private partial void WasPaused(Guid edition, string reason);
}
