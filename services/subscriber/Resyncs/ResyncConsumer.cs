using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Resyncs;

/// <summary>
/// Sends everybody again, stamped anew, in chunks of 500 between which others get their turn. Who signs up meanwhile is told of by the
/// usual event, with a version above the resync's beginning. Erasures are sent again with their own ids.
/// </summary>
internal sealed class ResyncConsumer(SubscriberDb db, LinkKeys keys, TimeProvider time) : IConsumer<RequestResync>
{
    private const int ChunkSize = 500;

    public Task Consume(ConsumeContext<RequestResync> context) => context.Message.Event switch
    {
        nameof(SubscribersChanged) => SendSubscribersAsync(context.Message.Since, context.CancellationToken),
        nameof(SubscriberErased) => SendErasuresAsync(context.CancellationToken),
        _ => Task.CompletedTask,
    };

    private async Task SendSubscribersAsync(long since, CancellationToken cancellation)
    {
        var resync = Guid.CreateVersion7();
        var links = await keys.ReadAsync(cancellation);
        var all = await db.Subscribers.OrderBy(s => s.PublicationId).ThenBy(s => s.Id).Select(s => new { s.PublicationId, s.Id }).ToListAsync(cancellation);
        var chunks = all.GroupBy(s => s.PublicationId).SelectMany(p => p.Select(s => s.Id).Chunk(ChunkSize).Select(ids => (Publication: p.Key, Ids: ids))).ToList();
        // With nobody left there is still one part to send: it tells the others to bury what they have.
        if (chunks.Count == 0) chunks.Add((Guid.Empty, []));

        for (var part = 0; part < chunks.Count; part++)
        {
            var (publication, ids) = chunks[part];
            await RetryAsync(async () =>
            {
                var subscribers = await db.Subscribers.Where(s => ids.Contains(s.Id)).ToListAsync(cancellation);
                foreach (var subscriber in subscribers) subscriber.Stamp(time);
                var changed = new SubscribersChanged(publication, subscribers.Select(s => s.ToSnapshot(links.Unsubscribe(s.Id))).ToList());
                db.Publish(new Resync<SubscribersChanged>(resync, since, part, chunks.Count, changed));
                await db.SaveChangesAsync(cancellation);
            });
        }
    }

    private async Task SendErasuresAsync(CancellationToken cancellation)
    {
        var after = Guid.Empty;
        while (true)
        {
            db.ChangeTracker.Clear();
            var chunk = await db.Erasures.AsNoTracking().Where(e => e.Id.CompareTo(after) > 0).OrderBy(e => e.Id).Take(ChunkSize).ToListAsync(cancellation);
            if (chunk.Count == 0) return;
            foreach (var e in chunk) db.Publish(new SubscriberErased(e.Id, e.PublicationId, e.SubscriberId, e.Version));
            await db.SaveChangesAsync(cancellation);
            after = chunk[^1].Id;
        }
    }

    /// <summary>Somebody of the chunk changed while we stamped it: read it again.</summary>
    private async Task RetryAsync(Func<Task> stamp)
    {
        for (var attempt = 1; ; attempt++)
        {
            db.ChangeTracker.Clear();
            try
            {
                await stamp();
                return;
            }
            catch (DbUpdateConcurrencyException) when (attempt < 10)
            {
            }
        }
    }
}
