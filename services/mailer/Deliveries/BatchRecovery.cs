using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>
/// What becomes of letters whose sender died, or whose answer was lost. An event of the batch settles it: the provider took it. Where it left
/// in several calls, each letter waits for its own.
/// It is sent again only where providers tell of each letter, when the grace period has passed and events have come for a batch that was sent later: then its own would have come too.
/// Otherwise it stays, and staff choose.
/// </summary>
internal sealed class BatchRecovery(MailerDb db, Ledger ledger, TallyBook tallies, IOptions<MailOptions> options, SharedClock clock)
{
    private const int AtOnce = 200;

    /// <summary>The lease ran out: what was handed over is uncertain, what was not yet goes on.</summary>
    public async Task TakeOverAsync(Batch batch, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var now = await clock.NowAsync(cancellation);
        // Holding the row keeps the sender, should it live after all, from recording between the two statements.
        var taken = await db.Batches.Where(b => b.Id == batch.Id && b.State == BatchState.Sending && b.LeaseId == batch.LeaseId && b.LeaseUntil < now)
            // Nobody refused it: that a sender died is no reason to wait longer after the next refusal.
            .ExecuteUpdateAsync(s => s.SetProperty(b => b.LeaseId, (Guid?)null).SetProperty(b => b.LeaseUntil, (DateTimeOffset?)null).SetProperty(b => b.Attempts, b => b.Attempts - 1), cancellation);
        if (taken == 0) return;
        await ledger.LoseAsync(batch, cancellation);
        var inDoubt = await ledger.AnyAsync(batch, DeliveryState.Uncertain, cancellation);
        var state = await ledger.AnyAsync(batch, DeliveryState.Queued, cancellation) ? BatchState.Queued : inDoubt ? BatchState.Uncertain : BatchState.Done;
        if (inDoubt) await db.Batches.Where(b => b.Id == batch.Id).ExecuteUpdateAsync(s => s.SetProperty(b => b.StaysWithAccount, true), cancellation);
        await SetAsync(db.Batches.Where(b => b.Id == batch.Id), state, cancellation);
        await tallies.MarkAsync(batch.EditionId, batch.Id, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    public async Task SettleAsync(CancellationToken cancellation)
    {
        var uncertain = await db.Batches.AsNoTracking().Where(b => b.State == BatchState.Uncertain).OrderBy(b => b.Id).Take(AtOnce).ToListAsync(cancellation);
        foreach (var batch in uncertain)
        {
            if ((batch.FirstEventAt is not null && !batch.IsSliced) || !await ledger.AnyAsync(batch, DeliveryState.Uncertain, cancellation))
                await SettleAsync(batch, cancellation);
            else if (batch.SentAt + options.Value.UncertainGrace < await clock.NowAsync(cancellation) && await WasPassedByAsync(batch, cancellation))
                await ResendAsync(batch, "resend", cancellation);
        }
    }

    /// <summary>The provider took it.</summary>
    /// <returns>False: somebody else has decided meanwhile.</returns>
    public Task<bool> SettleAsync(Batch batch, CancellationToken cancellation) =>
        DecideAsync(batch, BatchState.Done, () => ledger.SettleAsync(batch, cancellation), cancellation);

    /// <summary>The provider never got it: the same letters, under the same Message-IDs, once more.</summary>
    /// <returns>False: somebody else has decided meanwhile.</returns>
    public Task<bool> ResendAsync(Batch batch, string reason, CancellationToken cancellation) =>
        DecideAsync(batch, BatchState.Queued, () => ledger.QueueAgainAsync(batch, reason, cancellation), cancellation);

    /// <summary>Of several who decide, in several processes, one does: a batch that another has queued again must not be called done.</summary>
    private async Task<bool> DecideAsync(Batch batch, BatchState state, Func<Task> move, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await SetAsync(db.Batches.Where(b => b.Id == batch.Id && b.State == BatchState.Uncertain && b.SentAt == batch.SentAt), state, cancellation) == 0) return false;
        await move();
        await tallies.MarkAsync(batch.EditionId, batch.Id, cancellation);
        await transaction.CommitAsync(cancellation);
        return true;
    }

    private async Task<bool> WasPassedByAsync(Batch batch, CancellationToken cancellation) =>
        batch.Provider is { } provider && ProviderFactory.TellsOfEach(provider) && await db.Batches.AnyAsync(b => b.Provider == batch.Provider && b.AccountId == batch.AccountId && b.SentAt > batch.SentAt && b.FirstEventAt != null, cancellation);

    private async Task<int> SetAsync(IQueryable<Batch> batches, BatchState state, CancellationToken cancellation)
    {
        var now = await clock.NowAsync(cancellation);
        return await batches.ExecuteUpdateAsync(s => s
            .SetProperty(b => b.State, state)
            .SetProperty(b => b.DueAt, b => state == BatchState.Queued ? now : b.DueAt)
            .SetProperty(b => b.FinishedAt, state == BatchState.Done ? now : null), cancellation);
    }
}
