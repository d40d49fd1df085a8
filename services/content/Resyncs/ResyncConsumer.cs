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
        nameof(PublicationChanged) => SendPublicationsAsync(context.Message.Since, context.CancellationToken),
        nameof(PostChanged) => SendPostsAsync(context.Message.Since, context.CancellationToken),
        _ => Task.CompletedTask,
    };

    private async Task SendPublicationsAsync(long since, CancellationToken cancellation)
    {
        var ids = await db.Publications.OrderBy(p => p.Id).Select(p => p.Id).ToListAsync(cancellation);
        await SendAsync<PublicationChanged>(since, ids, async chunk =>
        {
            var found = await db.Publications.Where(p => chunk.Contains(p.Id)).ToDictionaryAsync(p => p.Id, cancellation);
            return id => found.TryGetValue(id, out var publication) ? publication.Changed(time) : Gone(id);
        }, cancellation);
    }

    private async Task SendPostsAsync(long since, CancellationToken cancellation)
    {
        var bases = await db.Publications.AsNoTracking().ToDictionaryAsync(p => p.Id, p => p.BaseUrl, cancellation);
        var ids = await db.Posts.Where(p => p.FirstPublishedAt != null).OrderBy(p => p.Id).Select(p => p.Id).ToListAsync(cancellation);
        await SendAsync<PostChanged>(since, ids, async chunk =>
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

    private async Task SendAsync<TEvent>(long since, List<Guid> ids, Func<Guid[], Task<Func<Guid, TEvent>>> readAsync, CancellationToken cancellation) where TEvent : class
    {
        var resync = Guid.CreateVersion7();
        // With nothing to send, consumers must still hear that there is nothing.
        if (ids.Count == 0) ids.Add(Guid.Empty);
        for (var sent = 0; sent < ids.Count;)
        {
            db.ChangeTracker.Clear();
            var chunk = ids.Skip(sent).Take(AtOnce).ToArray();
            var changed = await readAsync(chunk);
            foreach (var (at, id) in chunk.Index()) db.Publish(new Resync<TEvent>(resync, since, sent + at, ids.Count, changed(id)));
            try
            {
                await db.SaveChangesAsync(cancellation);
                sent += chunk.Length;
            }
            catch (DbUpdateConcurrencyException)
            {
                // Staff changed one of them meanwhile: this chunk is read again.
            }
        }
    }

    private PublicationChanged Gone(Guid id) =>
        new(new PublicationSnapshot { Id = id, Version = HybridClock.Now(time), Deleted = true, Slug = "", Name = "", BaseUrl = "" });

    private PostChanged GonePost(Guid id) => new(new PostSnapshot { Id = id, PublicationId = Guid.Empty, Version = HybridClock.Now(time), Deleted = true });
}
