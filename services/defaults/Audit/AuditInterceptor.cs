using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Audit;

/// <summary>Adds the entry to the very save that makes the change, so that neither is there without the other.</summary>
internal sealed class AuditInterceptor : ISaveChangesInterceptor
{
    public ValueTask<InterceptionResult<int>> SavingChangesAsync(DbContextEventData eventData, InterceptionResult<int> result, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is ServiceDb { StaffCall: { } call } db && TrackedChanges.Of(db) is { Count: > 0 } changes)
        {
            db.Publish(call.Entry(changes));
            call.IsRecorded = true;
        }
        return ValueTask.FromResult(result);
    }

    /// <summary>A handler that saves again after it lost a race tells of what it saves then.</summary>
    public Task SaveChangesFailedAsync(DbContextErrorEventData eventData, CancellationToken cancellationToken = default)
    {
        if (eventData.Context is ServiceDb { StaffCall: { IsRecorded: true } call } db)
        {
            call.IsRecorded = false;
            foreach (var unsaved in db.ChangeTracker.Entries<Outbox.OutboxMessage>().Where(e => e.State == EntityState.Added && e.Entity.Is<Contracts.StaffActed>()).ToList())
                unsaved.State = EntityState.Detached;
        }
        return Task.CompletedTask;
    }
}
