using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Gates;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;

namespace Newsletter.Content.Publications;

/// <summary>A publication as requests need it; never changes.</summary>
public sealed record KnownPublication(PublicationSnapshot Snapshot, string Description, GateSettings Gate)
{
    internal static KnownPublication Of(Publication publication) => new(publication.Snapshot(), publication.Description, publication.Gate);

    public string BaseUrl => Snapshot.BaseUrl;

    /// <summary>Bind it as a handler's parameter where the snapshot of the route's publication is not enough.</summary>
    public static ValueTask<KnownPublication?> BindAsync(HttpContext http) => http.RequestServices.GetRequiredService<PublicationCache>()
        .FindAsync(http.RequestServices.GetRequiredService<ContentDb>(), http.Features.GetRequiredFeature<CurrentPublication>().Slug, http.RequestAborted);

    public string TopicName(string slug) => Snapshot.Topics.FirstOrDefault(t => t.Slug == slug)?.Name ?? slug;
}

/// <summary>
/// Every request names its publication, so it is kept in memory: a change made here shows at once, one made by another process
/// within <see cref="KeepFor"/>.
/// </summary>
internal sealed class PublicationCache(TimeProvider time)
{
    private static readonly TimeSpan KeepFor = TimeSpan.FromSeconds(2);
    private readonly ConcurrentDictionary<string, Entry> _known = new();

    public async ValueTask<KnownPublication?> FindAsync(ContentDb db, string slug, CancellationToken cancellation)
    {
        if (_known.TryGetValue(slug, out var known) && time.GetElapsedTime(known.Read) < KeepFor) return known.Publication;
        if (!Slugs.IsSlug(slug)) return null;
        var read = time.GetTimestamp();
        var publication = await db.Publications.AsNoTracking().SingleOrDefaultAsync(p => p.Slug == slug, cancellation);
        if (publication is null) return null;
        var fresh = KnownPublication.Of(publication);
        _known[slug] = new(fresh, read);
        return fresh;
    }

    public void Forget(string slug) => _known.TryRemove(slug, out _);

    private sealed record Entry(KnownPublication Publication, long Read);
}
