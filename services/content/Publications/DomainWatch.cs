using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Content.Publications;

/// <summary>
/// Looks every half hour whether the publications' own domains still prove whose they are. One that does not goes on: its owner may have tidied up, or lost it,
/// and an operator may have given it without a record. So it is counted, and people look.
/// </summary>
internal sealed partial class DomainWatch(IServiceScopeFactory scopes, DomainProof proof, Schedules schedules, ILogger<DomainWatch> log) : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(30);
    private static readonly Gauge<long> Domains = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.publication.domains", "{domain}", "Publications' own domains by what DNS says of them");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var schedule = schedules.Of("content", "domain checks", Every);
        using var timer = new PeriodicTimer(Every);
        do
        {
            try
            {
                await LookAsync(stoppingToken);
                schedule.Ran();
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                schedule.Failed(e);
                NotLooked(e.GetBaseException().GetType().Name);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task LookAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<ContentDb>();
        var domains = await db.Publications.AsNoTracking().Where(p => p.Domain != null && !p.Suspended)
            .Select(p => new { p.Id, Domain = p.Domain! }).ToListAsync(cancellation);
        var (proven, unproven, unknown) = (0, 0, 0);
        foreach (var domain in domains)
        {
            switch (await proof.IsGivenAsync(domain.Domain, domain.Id, cancellation))
            {
                case true:
                    proven++;
                    break;
                case false:
                    unproven++;
                    Unproven(domain.Id);
                    break;
                default:
                    unknown++;
                    break;
            }
        }
        foreach (var (state, count) in ((string, int)[])[("proven", proven), ("unproven", unproven), ("unknown", unknown)])
            Domains.Record(count, new KeyValuePair<string, object?>("state", state));
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "DNS no longer names publication {Publication} as the one of its domain")]
    private partial void Unproven(Guid publication);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The publications' domains could not be looked at ({Reason}); trying again in half an hour")]
    private partial void NotLooked(string reason);
}
