using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;
using Newsletter.Defaults.Telemetry;
using Newsletter.Subscriber.Audit;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber;

/// <summary>Every minute: removes what is over, and watches that erasures are answered. Any number of processes may do it at once.</summary>
internal sealed partial class Housekeeping(
    IServiceScopeFactory scopes, Schedules schedules, IOptions<AuditOptions> audit, TimeProvider time, ILogger<Housekeeping> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);
    /// <summary>Used and expired ones stay as long, so that their links are told from forged ones.</summary>
    private static readonly TimeSpan KeepChallenges = TimeSpan.FromDays(1);
    private static readonly TimeSpan KeepCommands = TimeSpan.FromDays(30);
    private static readonly TimeSpan ErasureWithin = TimeSpan.FromHours(24);
    private static readonly Gauge<long> OverdueErasures =
        NewsletterTelemetry.Meter.CreateGauge<long>("newsletter.erasures.overdue", "{erasure}", "Erasures that some service has not answered for 24 hours");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var schedule = schedules.Of("subscriber", "housekeeping", Every);
        using var timer = new PeriodicTimer(Every);
        do
        {
            try
            {
                await TidyAsync(stoppingToken);
                schedule.Ran();
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                schedule.Failed(e);
                Failed(e);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TidyAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SubscriberDb>();
        var now = time.GetUtcNow();
        var (challengesUntil, commandsUntil, limitsUntil, erasuresFrom) = (now - KeepChallenges, now - KeepCommands, HybridClock.Now(time), now - ErasureWithin);
        await db.Challenges.Where(c => c.ExpiresAt < challengesUntil).ExecuteDeleteAsync(cancellation);
        await db.Sessions.Where(s => s.ExpiresAt < now).ExecuteDeleteAsync(cancellation);
        await db.AddressLimits.Where(l => l.Until < limitsUntil).ExecuteDeleteAsync(cancellation);
        await db.HandledCommands.Where(c => c.HandledAt < commandsUntil).ExecuteDeleteAsync(cancellation);
        await db.PruneAuditAsync(now - TimeSpan.FromDays(audit.Value.KeepDays), cancellation);
        OverdueErasures.Record(await db.Erasures.CountAsync(e => e.CompletedAt == null && e.RequestedAt < erasuresFrom, cancellation));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Housekeeping failed; it is tried again in a minute")]
    private partial void Failed(Exception e);
}
