using Newsletter.Defaults.Operations;
using Newsletter.Defaults.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Long work: does what is due, then waits for a signal or the next poll. Nothing that goes wrong ends it; the rows remain.</summary>
internal abstract partial class Worker(TimeSpan poll, ILogger log) : BackgroundService
{
    private readonly SemaphoreSlim _woken = new(0, 1);
    private Schedule? _schedule;

    /// <summary>Operators see under this name when it ran and what failed.</summary>
    public void ReportTo(Schedules schedules, string name) => _schedule = schedules.Of("mailer", name, poll);

    /// <summary>Looks now instead of at the next poll.</summary>
    public void Wake()
    {
        lock (_woken)
        {
            if (_woken.CurrentCount == 0) _woken.Release();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _woken.Dispose();
    }

    /// <summary>Answers whether more is waiting.</summary>
    protected abstract Task<bool> WorkAsync(CancellationToken stopping);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                while (await WorkAsync(stoppingToken)) { }
                _schedule?.Ran();
            }
            catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
            {
                Report(e);
            }
            await ((Task)_woken.WaitAsync(poll, stoppingToken)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    protected void Report(Exception e)
    {
        _schedule?.Failed(e);
        if (DatabaseFailure.IsAway(e)) Away(GetType().Name, e.GetBaseException().GetType().Name);
        else Failed(GetType().Name, e);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "{Worker} cannot reach the database ({Reason}); trying again")]
    private partial void Away(string worker, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Worker} failed; trying again")]
    private partial void Failed(string worker, Exception e);
}
