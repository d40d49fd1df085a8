using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Sends batches, as many side by side as the installation's provider takes.</summary>
internal sealed partial class DeliveryWorker(IServiceScopeFactory scopes, BatchQueue queue, InstallationAccounts accounts, EditionWorker editions, ILogger<DeliveryWorker> log)
    : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DeliveryMetrics.Begin();
        return Task.WhenAll(Enumerable.Range(0, accounts.Route.First.Provider.MaxConcurrency).Select(_ => SendAsync(stoppingToken)));
    }

    private async Task SendAsync(CancellationToken stopping)
    {
        await Task.Yield();
        while (!stopping.IsCancellationRequested)
        {
            var (batch, waker) = await queue.NextAsync(stopping);
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await scope.ServiceProvider.GetRequiredService<BatchSender>().SendAsync(batch, waker, stopping);
                editions.Wake();
            }
            catch (Exception e) when (!stopping.IsCancellationRequested)
            {
                // The row stays as it was left; the sweeper comes back to it.
                NotSent(batch, e);
            }
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Batch {Batch} was not sent; the sweeper will look at it")]
    private partial void NotSent(Guid batch, Exception e);
}
