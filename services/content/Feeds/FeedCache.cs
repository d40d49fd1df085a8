using Microsoft.Extensions.Caching.Memory;
using Newsletter.Content.Pages;
using Newsletter.Content.Posts;

namespace Newsletter.Content.Feeds;

/// <summary>Feed programs ask often: what everybody gets is kept for a moment, and at most until a post changes here.</summary>
internal sealed class FeedCache(PostCache posts) : IDisposable
{
    private const long MostBytes = 32 << 20;
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(10);
    private readonly MemoryCache _feeds = new(new MemoryCacheOptions { SizeLimit = MostBytes });

    public void Dispose() => _feeds.Dispose();

    public async Task<CachedPage> GetAsync(PageContext page, string name, Func<Task<byte[]>> make)
    {
        var key = (page.Publication.Snapshot.Id, page.Publication.Snapshot.Version, name, posts.Generation);
        if (_feeds.TryGetValue(key, out CachedPage? known)) return known!;
        var feed = CachedPage.Of(await make());
        _feeds.Set(key, feed, new MemoryCacheEntryOptions { Size = feed.Bytes.Length + 512, AbsoluteExpirationRelativeToNow = KeepFor });
        return feed;
    }
}
