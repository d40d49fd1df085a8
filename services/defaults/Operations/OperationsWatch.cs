using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Storage;
using OpenTelemetry;

namespace Newsletter.Defaults.Operations;

/// <summary>Measures a service's outbox, queues and schedules every 15 s, so that a scrape asks neither database nor broker.</summary>
internal sealed partial class OperationsWatch<TDb>(
    IServiceScopeFactory scopes, ServiceName<TDb> service, Schedules schedules, IServiceProvider services, TimeProvider time, ILogger<OperationsWatch<TDb>> log)
    : BackgroundService where TDb : ServiceDb
{
    private static readonly TimeSpan Every = TimeSpan.FromSeconds(15);
    private readonly OperationsMetrics _metrics = new(service.Value, time);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var away = false;
        using var timer = new PeriodicTimer(Every);
        do
        {
            try
            {
                // A look every 15 s is nothing for the exported traces.
                using var quietly = SuppressInstrumentationScope.Begin();
                await MeasureAsync(stoppingToken);
                away = false;
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                // Once, until it goes well again: whoever is away is told of by others, too.
                if (!away) NotMeasured(service.Value, e.GetBaseException().GetType().Name);
                away = true;
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task MeasureAsync(CancellationToken cancellation)
    {
        _metrics.Scheduled(schedules.All.Where(s => s.Service == service.Value));
        await using var scope = scopes.CreateAsyncScope();
        var rows = scope.ServiceProvider.GetRequiredService<OutboxRows<TDb>>();
        _metrics.Waiting(await rows.SummaryAsync(cancellation));
        var queues = services.GetService<BrokerQueues>() is { } broker ? await broker.DepthsAsync(service.Value, cancellation) : await rows.QueuesAsync(cancellation);
        _metrics.Queued(queues);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The operations of {Service} could not be measured ({Reason})")]
    private partial void NotMeasured(string service, string reason);
}
