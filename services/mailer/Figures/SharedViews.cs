using Microsoft.Extensions.Caching.Memory;

namespace Newsletter.Mailer.Figures;

/// <summary>Views of editions, each read once for all who ask within a time.</summary>
internal sealed class SharedViews<TView>(TimeSpan keepFor) : IDisposable where TView : class
{
    private const int MostKept = 1_000;
    private readonly MemoryCache _views = new(new MemoryCacheOptions { SizeLimit = MostKept });
    private readonly Lock _lock = new();

    public void Dispose() => _views.Dispose();

    /// <param name="read">Not of the request that came first: the others wait for it, too.</param>
    public Task<TView?> FindAsync(Guid publication, Guid edition, Func<Task<TView?>> read)
    {
        lock (_lock)
        {
            if (_views.TryGetValue((publication, edition), out Task<TView?>? known) && known is { IsFaulted: false }) return known;
            return _views.Set((publication, edition), read(), new MemoryCacheEntryOptions { Size = 1, AbsoluteExpirationRelativeToNow = keepFor });
        }
    }
}
