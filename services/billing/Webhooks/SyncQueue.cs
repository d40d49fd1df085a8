using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;

namespace Newsletter.Billing.Webhooks;

/// <summary>Wakes the worker of this process; others find the rows when they poll.</summary>
internal sealed class SyncSignal : IDisposable
{
    private readonly SemaphoreSlim _raised = new(0, 1);

    public void Raise()
    {
        if (_raised.CurrentCount > 0) return;
        try
        {
            _raised.Release();
        }
        catch (SemaphoreFullException)
        {
            // Two raised it at once, and the worker is awake: all that either wants.
        }
    }

    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellation) => _raised.WaitAsync(atMost, cancellation);

    public void Dispose() => _raised.Dispose();
}

/// <summary>The rows that are due, as the callers' transactions see them.</summary>
internal sealed class SyncQueue(BillingDb db, TimeProvider time)
{
    /// <summary>Within the caller's transaction, if it has one. One statement, so that events of the same moment both count.</summary>
    public Task RaiseAsync(Guid accountId, StripeKind kind, string stripeId, CancellationToken cancellation)
    {
        var due = Stored(time.GetUtcNow());
        return db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO stripe_objects (account_id, stripe_id, kind, generation, due_at, raised_at, attempts)
             VALUES ({accountId}, {stripeId}, {(int)kind}, 1, {due}, {due}, 0)
             ON CONFLICT (account_id, stripe_id) DO UPDATE SET generation = stripe_objects.generation + 1,
                 raised_at = CASE WHEN stripe_objects.due_at IS NULL THEN excluded.raised_at ELSE stripe_objects.raised_at END,
                 due_at = excluded.due_at, attempts = 0
             """, cancellation);
    }

    /// <summary>Within the caller's transaction. False for an event that we had.</summary>
    public async Task<bool> KeepAsync(Guid accountId, StripeEvent received, CancellationToken cancellation) =>
        await db.Database.ExecuteSqlAsync(
            $"""
             INSERT INTO webhook_events (account_id, event_id, type, object_id, created_at, received_at)
             VALUES ({accountId}, {received.Id}, {received.Type}, {received.ObjectId}, {Stored(received.CreatedAt)}, {Stored(time.GetUtcNow())})
             ON CONFLICT (account_id, event_id) DO NOTHING
             """, cancellation) == 1;

    /// <summary>When the news that a job brings over happened at Stripe; null where no event told of the object itself.</summary>
    public Task<DateTimeOffset?> HappenedAtAsync(SyncJob job, CancellationToken cancellation)
    {
        // The event is kept a moment before it raises its object.
        var since = job.RaisedAt.AddSeconds(-5);
        return db.WebhookEvents.AsNoTracking().Where(e => e.ReceivedAt >= since && e.AccountId == job.AccountId && e.ObjectId == job.StripeId)
            .MinAsync(e => (DateTimeOffset?)e.CreatedAt, cancellation);
    }

    public async Task<SyncJob?> ClaimAsync(StripeObject candidate, TimeSpan lease, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var mine = Guid.NewGuid();
        var claimed = await db.StripeObjects
            .Where(o => o.AccountId == candidate.AccountId && o.StripeId == candidate.StripeId && o.DueAt <= now && (o.LeasedUntil == null || o.LeasedUntil <= now))
            .ExecuteUpdateAsync(set => set.SetProperty(o => o.Lease, mine).SetProperty(o => o.LeasedUntil, now + lease), cancellation);
        return claimed == 1 ? new(candidate.AccountId, candidate.Kind, candidate.StripeId, candidate.Generation, mine, candidate.RaisedAt) : null;
    }

    /// <summary>What is due, or will be within <paramref name="ahead"/>, and is in nobody's hands.</summary>
    public Task<List<StripeObject>> DueAsync(int atMost, TimeSpan ahead, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var until = now + ahead;
        return db.StripeObjects.AsNoTracking()
            .Where(o => o.DueAt <= until && (o.LeasedUntil == null || o.LeasedUntil <= now))
            .OrderBy(o => o.DueAt).Take(atMost).ToListAsync(cancellation);
    }

    /// <summary>Gives the lease back; due again at once if something was raised meanwhile. False when the lease is somebody else's by now.</summary>
    public async Task<bool> FinishAsync(SyncJob job, CancellationToken cancellation) =>
        await db.StripeObjects.Where(o => o.AccountId == job.AccountId && o.StripeId == job.StripeId && o.Lease == job.Lease)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(o => o.DueAt, o => o.Generation == job.Generation ? null : o.DueAt)
                    .SetProperty(o => o.Lease, (Guid?)null)
                    .SetProperty(o => o.LeasedUntil, (DateTimeOffset?)null)
                    .SetProperty(o => o.Attempts, 0)
                    .SetProperty(o => o.Error, (string?)null),
                cancellation) == 1;

    /// <summary>A time as the database keeps it: the model's conversion for SQLite does not reach statements of our own.</summary>
    private object Stored(DateTimeOffset t) => db.IsSqlite switch
    {
        true => (object)((t - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond),
        false => t,
    };

    public Task PostponeAsync(SyncJob job, TimeSpan wait, string error, CancellationToken cancellation)
    {
        var due = time.GetUtcNow() + wait;
        return db.StripeObjects.Where(o => o.AccountId == job.AccountId && o.StripeId == job.StripeId && o.Lease == job.Lease)
            .ExecuteUpdateAsync(
                set => set
                    .SetProperty(o => o.DueAt, due)
                    .SetProperty(o => o.Lease, (Guid?)null)
                    .SetProperty(o => o.LeasedUntil, (DateTimeOffset?)null)
                    .SetProperty(o => o.Attempts, o => o.Attempts + 1)
                    .SetProperty(o => o.Error, error),
                cancellation);
    }
}

/// <summary>One object under one lease, at one generation.</summary>
internal sealed record SyncJob(Guid AccountId, StripeKind Kind, string StripeId, long Generation, Guid Lease, DateTimeOffset RaisedAt);
