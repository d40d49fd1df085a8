using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Contracts;

namespace Newsletter.Content.Posts;

/// <summary>Texts hold absolute addresses: when a publication moves, its posts are rendered again and told of again.</summary>
internal static class PostMoves
{
    private const int AtOnce = 50;

    public static async Task RenderAgainAsync(ContentDb db, KnownPublication publication, PostCache cache, TimeProvider time, CancellationToken cancellation)
    {
        var last = Guid.Empty;
        while (true)
        {
            db.ChangeTracker.Clear();
            var posts = await db.Posts.Where(p => p.PublicationId == publication.Snapshot.Id && p.Id > last).OrderBy(p => p.Id).Take(AtOnce).ToListAsync(cancellation);
            if (posts.Count == 0) return;
            foreach (var post in posts)
            {
                post.RenderAgain(Post.UrlOf(publication.BaseUrl, post.Slug));
                post.Restamp(time);
                if (post.State == PostState.Published) db.Publish(new PostChanged(post.Snapshot(publication.BaseUrl)));
            }
            try
            {
                await db.SaveChangesAsync(cancellation);
            }
            catch (DbUpdateConcurrencyException)
            {
                // An author or a resync wrote one of them: this chunk is read again.
                continue;
            }
            foreach (var post in posts) cache.Forget(post);
            last = posts[^1].Id;
        }
    }
}
