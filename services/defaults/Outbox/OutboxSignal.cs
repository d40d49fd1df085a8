using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Outbox;

internal abstract class OutboxSignal : IDisposable
{
    private readonly SemaphoreSlim _changed = new(0, 1);

    public void Dispose() => _changed.Dispose();

    public void Raise()
    {
        if (_changed.CurrentCount > 0) return;
        try
        {
            _changed.Release();
        }
        catch (SemaphoreFullException)
        {
            // Two savers at once: the relay is woken, which is all that either wants.
        }
    }

    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellation) => _changed.WaitAsync(atMost, cancellation);
}

/// <summary>Wakes the relay of one context; one per context because a process can hold several.</summary>
internal sealed class OutboxSignal<TDb> : OutboxSignal;

/// <summary>Raises the signal when messages are committed, be it by SaveChanges alone or by an outer transaction.</summary>
internal sealed class OutboxInterceptor(OutboxSignal signal) : ISaveChangesInterceptor, IDbTransactionInterceptor
{
    public ValueTask<int> SavedChangesAsync(SaveChangesCompletedEventData eventData, int result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context?.Database.CurrentTransaction is null) RaiseFor(eventData.Context);
        return ValueTask.FromResult(result);
    }

    public Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default)
    {
        RaiseFor(eventData.Context);
        return Task.CompletedTask;
    }

    private void RaiseFor(DbContext? context)
    {
        if (context is ServiceDb db && db.TakePublished()) signal.Raise();
    }
}
