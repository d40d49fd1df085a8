using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>
/// Takes the months out of the ledger that are older than <see cref="MailOptions.KeepLedgerDays"/>: on PostgreSQL whole partitions, elsewhere row by row. An
/// edition is closed before, with everything counted that its figures are made of; one that is not over keeps its month.
/// </summary>
internal sealed class LedgerPruning(IServiceScopeFactory scopes, IOptions<MailOptions> options, TimeProvider time, ILogger<LedgerPruning> log)
    : Worker(TimeSpan.FromMinutes(10), log)
{
    private const int AtOnce = 50;
    private const int BatchesAtOnce = 20;
    private const int RowsAtOnce = 10_000;

    protected override async Task<bool> WorkAsync(CancellationToken stopping)
    {
        if (options.Value.KeepLedgerDays is not { } days) return false;
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var month = LedgerPartitions.MonthOf(time.GetUtcNow().AddDays(-days));
        var bound = LedgerPartitions.LowestId(month);
        var due = await db.Editions.AsNoTracking()
            .Where(e => e.Id < bound && e.LedgerPrunedAt == null && (e.State == EditionState.Sent || e.State == EditionState.Cancelled))
            .OrderBy(e => e.Id).Select(e => e.Id).Take(AtOnce).ToListAsync(stopping);
        foreach (var edition in due) await CloseAsync(edition, stopping);
        if (due.Count == AtOnce) return true;
        if (await LedgerPartitions.DropBeforeAsync(db, month, stopping)) await DeleteRestAsync(db, bound, stopping);
        return false;
    }

    /// <summary>From now on its figures are what is counted here. Of two processes, the second finds it closed.</summary>
    private async Task CloseAsync(Guid edition, CancellationToken stopping)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var tallies = scope.ServiceProvider.GetRequiredService<TallyBook>();
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(stopping);
        if (await db.Editions.Where(e => e.Id == edition && e.LedgerPrunedAt == null).ExecuteUpdateAsync(s => s.SetProperty(e => e.LedgerPrunedAt, now), stopping) == 0) return;
        await db.TallyMarks.Where(m => m.EditionId == edition).ExecuteDeleteAsync(stopping);
        foreach (var batches in (await db.Batches.Where(b => b.EditionId == edition).OrderBy(b => b.Id).Select(b => b.Id).ToListAsync(stopping)).Chunk(BatchesAtOnce))
            await tallies.CountAsync(edition, batches, stopping);
        await DomainFold.KeepAsync(db, edition, now, stopping);
        // Who followed which link is of the ledger, too; how many did stays with the link.
        await db.LinkClicks.Where(c => db.Links.Any(l => l.Id == c.LinkId && l.EditionId == edition)).ExecuteDeleteAsync(stopping);
        await transaction.CommitAsync(stopping);
    }

    /// <summary>What lies in the default partition, beside an edition that is not over, or on SQLite.</summary>
    private static async Task DeleteRestAsync(MailerDb db, Guid bound, CancellationToken stopping)
    {
        var rest = await db.Editions.Where(e => e.Id < bound && e.LedgerPrunedAt != null && db.Deliveries.Any(d => d.EditionId == e.Id)).OrderBy(e => e.Id).Select(e => e.Id).ToListAsync(stopping);
        foreach (var edition in rest)
        {
            int deleted;
            do
            {
                var some = db.Deliveries.Where(d => d.EditionId == edition).OrderBy(d => d.SubscriberId).Take(RowsAtOnce).Select(d => d.SubscriberId);
                deleted = await db.Deliveries.Where(d => d.EditionId == edition && some.Contains(d.SubscriberId)).ExecuteDeleteAsync(stopping);
            }
            while (deleted == RowsAtOnce);
        }
    }
}
