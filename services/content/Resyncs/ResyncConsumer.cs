using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Resyncs;

/// <summary>
/// Sends every row again, stamped anew, so that copies agree with this database even after it was restored from a backup.
/// One part for each row; their number is fixed first, so a row that goes meanwhile is sent as deleted.
/// </summary>
internal sealed class ResyncConsumer(ContentDb db, TimeProvider time) : IConsumer<RequestResync>
{
    private const int AtOnce = 50;

    public Task Consume(ConsumeContext<RequestResync> context) => context.Message.Event switch
    {
        nameof(PublicationChanged) => SendPublicationsAsync(context.CancellationToken),
        nameof(PostChanged) => SendPostsAsync(context.CancellationToken),
        _ => Task.CompletedTask,
    };

    private async Task SendPublicationsAsync(CancellationToken cancellation)
    {
        var ids = await db.Publications.OrderBy(p => p.Id).Select(p => p.Id).ToListAsync(cancellation);
        await SendAsync<PublicationChanged>(ids, async chunk =>
        {
            var found = await db.Publications.Where(p => chunk.Contains(p.Id)).ToDictionaryAsync(p => p.Id, cancellation);
            return id => found.TryGetValue(id, out var publication) ? publication.Changed(time) : Gone(id);
        }, cancellation);
    }

    private async Task SendPostsAsync(CancellationToken cancellation)
    {
        var bases = await db.Publications.AsNoTracking().ToDictionaryAsync(p => p.Id, p => p.BaseUrl, cancellation);
        var ids = await db.Posts.Where(p => p.FirstPublishedAt != null).OrderBy(p => p.Id).Select(p => p.Id).ToListAsync(cancellation);
        await SendAsync<PostChanged>(ids, async chunk =>
        {
            var found = await db.Posts.Where(p => chunk.Contains(p.Id)).ToDictionaryAsync(p => p.Id, cancellation);
            return id =>
            {
                if (!found.TryGetValue(id, out var post)) return GonePost(id);
                post.Restamp(time);
                return new PostChanged(post.Snapshot(bases[post.PublicationId]));
            };
        }, cancellation);
    }

    private async Task SendAsync<TEvent>(List<Guid> ids, Func<Guid[], Task<Func<Guid, TEvent>>> readAsync, CancellationToken cancellation) where TEvent : class
    {
        var resync = Guid.CreateVersion7();
        var since = HybridClock.Now(time);
        // With nothing to send, consumers must still hear that there is nothing.
        if (ids.Count == 0) ids.Add(Guid.Empty);
        var part = 0;
        foreach (var chunk in ids.Chunk(AtOnce))
        {
            db.ChangeTracker.Clear();
            var changed = await readAsync(chunk);
            foreach (var id in chunk) db.Publish(new Resync<TEvent>(resync, since, part++, ids.Count, changed(id)));
            await db.SaveChangesAsync(cancellation);
        }
    }

    private PublicationChanged Gone(Guid id) =>
        new(new PublicationSnapshot { Id = id, Version = HybridClock.Now(time), Deleted = true, Slug = "", Name = "", BaseUrl = "" });

    private PostChanged GonePost(Guid id) => new(new PostSnapshot { Id = id, PublicationId = Guid.Empty, Version = HybridClock.Now(time), Deleted = true });
}
