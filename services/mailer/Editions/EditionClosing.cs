using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

internal sealed class EditionClosing(MailerDb db, DomainCounter domains, TimeProvider time)
{
    /// <summary>What has not left is taken back. A batch that is being sent at this moment keeps what it has.</summary>
    public async Task CancelRestAsync(Guid edition, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var cancelled = await db.Deliveries.Where(d => d.EditionId == edition && d.State == DeliveryState.Queued)
            .ExecuteUpdateAsync(s => s.SetProperty(d => d.State, DeliveryState.Cancelled), cancellation);
        await db.Batches.Where(b => b.EditionId == edition && b.State == BatchState.Queued)
            .ExecuteUpdateAsync(s => s.SetProperty(b => b.State, BatchState.Cancelled).SetProperty(b => b.FinishedAt, time.GetUtcNow()), cancellation);
        await db.Database.ExecuteSqlAsync(
            $"INSERT INTO tally_marks (edition_id, batch_id) SELECT edition_id, id FROM batches WHERE edition_id = {edition}", cancellation);
        await transaction.CommitAsync(cancellation);
        DeliveryMetrics.Moved(DeliveryState.Cancelled, cancelled);
    }

    public async Task FinishAsync(Guid editionId, CancellationToken cancellation)
    {
        db.ChangeTracker.Clear();
        var edition = await db.Editions.SingleAsync(e => e.Id == editionId, cancellation);
        if (edition.State != EditionState.Sending) return;
        var accepted = db.Batches.Where(b => b.EditionId == editionId && b.State == BatchState.Done);
        var first = await accepted.MinAsync(b => b.FinishedAt, cancellation);
        var last = await accepted.MaxAsync(b => b.FinishedAt, cancellation);
        edition.Finish(first, last, time);
        await db.SaveChangesAsync(cancellation);
        var published = await db.Posts.AsNoTracking().Where(p => p.Id == edition.PostId).Select(p => p.FirstPublishedAt).SingleOrDefaultAsync(cancellation);
        DeliveryMetrics.EditionSent(edition, published ?? edition.CreatedAt);
        _ = domains.Ask(editionId);
    }
}
