using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Gates;
using Newsletter.Content.Storage;
using Newsletter.Contracts;

namespace Newsletter.Content.Publications;

/// <summary>A publication as requests need it; never changes.</summary>
internal sealed record KnownPublication(PublicationSnapshot Snapshot, string Description, GateSettings Gate)
{
    public static KnownPublication Of(Publication publication) => new(publication.Snapshot(), publication.Description, publication.Gate);

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
