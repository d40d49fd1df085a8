using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Caching.Memory;
using Newsletter.Content.Storage;

namespace Newsletter.Content.Posts;

/// <summary>
/// Published posts in memory, so that reading one costs no query. A change made here shows at once; one made by another process
/// within <see cref="CheckAfter"/>, because then the version is compared.
/// </summary>
internal sealed class PostCache(TimeProvider time) : IDisposable
{
    private static readonly TimeSpan CheckAfter = TimeSpan.FromSeconds(2);
    private const long MostBytes = 64 << 20;
    private readonly MemoryCache _posts = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    /// <summary>Rises with every change made here; what is kept of many posts carries it.</summary>
    public long Generation => Interlocked.Read(ref _generation);
    private long _generation;

    public void Dispose() => _posts.Dispose();

    /// <summary>A published post; not tracked, not to be changed.</summary>
    public async ValueTask<Post?> FindAsync(ContentDb db, Guid publication, string slug, CancellationToken cancellation)
    {
        var key = (publication, slug);
        if (_posts.TryGetValue(key, out Entry? known) && time.GetElapsedTime(known!.Checked) < CheckAfter) return known.Post;
        var read = time.GetTimestamp();
        var generation = Generation;
        var stored = db.Posts.AsNoTracking().Where(p => p.PublicationId == publication && p.Slug == slug && p.State == PostState.Published);
        if (known is not null && await stored.Select(p => p.Version).SingleOrDefaultAsync(cancellation) == known.Post.Version)
        {
            known.Checked = read;
            return known.Post;
        }
        var post = await stored.SingleOrDefaultAsync(cancellation);
        if (post is null) _posts.Remove(key);
        // What was read before a change may not outlive it.
        else if (generation == Generation) _posts.Set(key, new Entry(post) { Checked = read }, new MemoryCacheEntryOptions { Size = SizeOf(post) });
        return post;
    }

    public void Forget(Post post)
    {
        Interlocked.Increment(ref _generation);
        _posts.Remove((post.PublicationId, post.Slug));
    }

    private static long SizeOf(Post post) =>
        2L * (post.Body.Length * 2 + post.Rendering.Whole.Html.Length * 2 + post.Rendering.Whole.Text.Length + post.Rendering.Entries.Sum(e => e.Html.Length + e.Text.Length + 500)) + 4096;

    private sealed class Entry(Post post)
    {
        public Post Post { get; } = post;
        public long Checked { get; set; }
    }
}
