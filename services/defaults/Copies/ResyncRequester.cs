using System.Data.Common;
using MassTransit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Copies;

/// <summary>
/// A service that starts with empty copies asks their owners to send everything, once, as soon as its queues are there to take the answer.
/// What was published before the queues were made is lost to it otherwise.
/// </summary>
internal sealed partial class ResyncRequester<TConsumer, TEvent>(
    IServiceScopeFactory scopes, IHostApplicationLifetime life, IServiceProvider services, ILogger<ResyncRequester<TConsumer, TEvent>> log) : BackgroundService
    where TConsumer : class, ICopyConsumer<TEvent> where TEvent : class
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource();
        await using var starting = life.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
        if (services.GetService<IBusControl>() is { } bus) await bus.WaitForHealthStatus(BusHealthStatus.Healthy, stoppingToken);
        while (!await TryRequestAsync(stoppingToken)) await Task.Delay(Pause, stoppingToken);
    }

    private async Task<bool> TryRequestAsync(CancellationToken cancellation)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<TConsumer>().RequestAsync(cancellation);
            return true;
        }
        catch (Exception e) when (e is DbException or DbUpdateException || DatabaseFailure.IsAway(e))
        {
            RequestFailed(typeof(TEvent).Name, e.GetBaseException().GetType().Name);
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The resync of {Event} could not be asked for ({Reason}); trying again")]
    private partial void RequestFailed(string @event, string reason);
}
