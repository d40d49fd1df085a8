using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Contracts;

namespace Newsletter.Billing.Grants;

/// <summary>Tells of every grant again, so that copies that lost or gained something agree with us afterwards.</summary>
internal sealed class GrantResync(BillingDb db, TimeProvider time)
{
    private const int AtOnce = 500;

    public async Task RunAsync(long since, CancellationToken cancellation)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var rows = await db.Grants.AsNoTracking().Where(g => !g.Deleted && g.SubscriberId != null)
            .OrderBy(g => g.PublicationId).ThenBy(g => g.Id).Select(g => new { g.PublicationId, g.Id }).ToListAsync(cancellation);
        var parts = rows.GroupBy(r => r.PublicationId)
            .SelectMany(p => p.Select(r => r.Id).Chunk(AtOnce).Select(ids => (PublicationId: p.Key, Ids: ids))).ToList();
        // Nothing at all is told too: then the copies bury what they hold.
        if (parts.Count == 0) parts.Add((Guid.Empty, []));

        for (var part = 0; part < parts.Count; part++)
        {
            var (publicationId, ids) = parts[part];
            db.ChangeTracker.Clear();
            var grants = await db.Grants.Where(g => ids.Contains(g.Id)).ToListAsync(cancellation);
            foreach (var grant in grants) grant.Stamp(time);
            db.Publish(new Resync<GrantsChanged>(id, since, part, parts.Count, new(publicationId, [.. grants.Select(g => g.Snapshot())])));
            await db.SaveChangesAsync(cancellation);
        }
    }
}

internal sealed class ResyncRequestConsumer(GrantResync resync) : IConsumer<RequestResync>
{
    public Task Consume(ConsumeContext<RequestResync> context) =>
        context.Message.Event == nameof(GrantsChanged) ? resync.RunAsync(context.Message.Since, context.CancellationToken) : Task.CompletedTask;
}
