using Newsletter.Mailer.Editions;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Sends batches as their turns come.</summary>
internal sealed partial class DeliveryWorker(IServiceScopeFactory scopes, BatchQueue queue, EditionWorker editions, ILogger<DeliveryWorker> log) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        DeliveryMetrics.Begin();
        await Task.Yield();
        List<Task> underWay = [];
        try
        {
            while (true)
            {
                var turn = await queue.NextAsync(stoppingToken);
                underWay.RemoveAll(task => task.IsCompleted);
                underWay.Add(Task.Run(() => SendAsync(turn, stoppingToken), CancellationToken.None));
            }
        }
        finally
        {
            await Task.WhenAll(underWay);
        }
    }

    private async Task SendAsync(Turn turn, CancellationToken stopping)
    {
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await scope.ServiceProvider.GetRequiredService<BatchSender>().SendAsync(turn, stopping);
            editions.Wake();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // Its lease runs out, and another process goes on with it.
        }
        catch (Exception e)
        {
            // The row stays as it was left; the sweeper comes back to it.
            NotSent(turn.Batch, e);
        }
        finally
        {
            queue.Done(turn);
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Batch {Batch} was not sent; the sweeper will look at it")]
    private partial void NotSent(Guid batch, Exception e);
}
