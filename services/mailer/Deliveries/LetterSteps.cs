using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;
using Npgsql;

namespace Newsletter.Mailer.Deliveries;

/// <param name="Accepted">Whose letter the mail server has just taken.</param>
/// <param name="Next">Whose letter it would be given next.</param>
internal sealed record LetterStep(Guid Edition, Guid Batch, Guid Lease, Guid Accepted, Guid Next);

/// <summary>
/// A mail server's steps from one letter to the next: the batch is still ours, the last letter was accepted, and the next one is about to be handed over. There is one for each
/// letter, and none goes on before its commit; so those of all connections that come while one commit is under way share the next one. On PostgreSQL only.
/// </summary>
internal sealed class LetterSteps(IServiceScopeFactory scopes, TimeProvider time)
{
    private const string Sql =
        """
        WITH held AS (SELECT id FROM batches WHERE id = $1 AND lease_id = $2 FOR NO KEY UPDATE),
        taken AS (
            UPDATE deliveries SET state = $6, accepted_at = $7
            WHERE edition_id = $3 AND subscriber_id = $4 AND state < $6 AND EXISTS (SELECT 1 FROM held) RETURNING 1),
        begun AS (
            UPDATE deliveries SET state = $8
            WHERE edition_id = $3 AND subscriber_id = $5 AND state = $9 AND EXISTS (SELECT 1 FROM held)
              AND EXISTS (SELECT 1 FROM editions WHERE id = $3 AND paused_at IS NULL AND state IN ($10, $11)) RETURNING 1)
        SELECT (SELECT count(*) FROM held)::int, (SELECT count(*) FROM taken)::int, (SELECT count(*) FROM begun)::int
        """;

    // Planning for each month of the ledger anew costs as much as the rest; which month it is, is found as the plan begins.
    private const string PlanOnce = "SELECT set_config('plan_cache_mode', 'force_generic_plan', true)";

    private readonly Lock _lock = new();
    private List<(LetterStep Step, TaskCompletionSource<bool?> Done)> _waiting = [];
    private bool _isWriting;

    /// <returns>Whether the next letter may be handed over; null where the batch is somebody else's, and nothing was changed.</returns>
    public Task<bool?> TakeAsync(LetterStep step)
    {
        var done = new TaskCompletionSource<bool?>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            _waiting.Add((step, done));
            if (_isWriting) return done.Task;
            _isWriting = true;
        }
        _ = Task.Run(WriteAsync);
        return done.Task;
    }

    private async Task WriteAsync()
    {
        while (true)
        {
            List<(LetterStep Step, TaskCompletionSource<bool?> Done)> steps;
            lock (_lock)
            {
                if (_waiting.Count == 0)
                {
                    _isWriting = false;
                    return;
                }
                (steps, _waiting) = (_waiting, []);
            }
            // Two processes that both believe to hold some batches lock them in the same order.
            steps.Sort((a, b) => a.Step.Batch.CompareTo(b.Step.Batch));
            try
            {
                var results = await CommitAsync(steps.ConvertAll(s => s.Step));
                for (var i = 0; i < steps.Count; i++) steps[i].Done.SetResult(results[i]);
            }
            catch (Exception e)
            {
                foreach (var (_, done) in steps) done.TrySetException(e);
            }
        }
    }

    private async Task<List<bool?>> CommitAsync(List<LetterStep> steps)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        await db.Database.OpenConnectionAsync();
        await using var batch = ((NpgsqlConnection)db.Database.GetDbConnection()).CreateBatch();
        batch.BatchCommands.Add(new NpgsqlBatchCommand(PlanOnce));
        foreach (var step in steps) batch.BatchCommands.Add(CommandOf(step));
        await batch.PrepareAsync();
        List<bool?> results = new(steps.Count);
        var accepted = 0;
        await using (var reader = await batch.ExecuteReaderAsync())
        {
            while (await reader.NextResultAsync())
            {
                await reader.ReadAsync();
                accepted += reader.GetInt32(1);
                results.Add(reader.GetInt32(0) == 0 ? null : reader.GetInt32(2) == 1);
            }
        }
        DeliveryMetrics.Moved(DeliveryState.Accepted, accepted);
        return results;
    }

    private NpgsqlBatchCommand CommandOf(LetterStep step) => new(Sql)
    {
        Parameters =
        {
            new NpgsqlParameter<Guid> { TypedValue = step.Batch },
            new NpgsqlParameter<Guid> { TypedValue = step.Lease },
            new NpgsqlParameter<Guid> { TypedValue = step.Edition },
            new NpgsqlParameter<Guid> { TypedValue = step.Accepted },
            new NpgsqlParameter<Guid> { TypedValue = step.Next },
            new NpgsqlParameter<short> { TypedValue = (short)DeliveryState.Accepted },
            new NpgsqlParameter<DateTime> { TypedValue = time.GetUtcNow().UtcDateTime },
            new NpgsqlParameter<short> { TypedValue = (short)DeliveryState.Sending },
            new NpgsqlParameter<short> { TypedValue = (short)DeliveryState.Queued },
            new NpgsqlParameter<int> { TypedValue = (int)EditionState.Preparing },
            new NpgsqlParameter<int> { TypedValue = (int)EditionState.Sending },
        },
    };
}
