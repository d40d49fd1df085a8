using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>
/// What became of an edition, read once in some seconds however many look at it, of sums that are kept while it happens: nothing here looks at the ledger but the domains,
/// which are counted aside.
/// </summary>
internal sealed class EditionFigures(IServiceScopeFactory scopes, DomainCounter domains, TimeProvider time) : IDisposable
{
    private const int MostLinks = 50;
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(60);
    private readonly SharedViews<FiguresView> _views = new(TimeSpan.FromSeconds(5));

    public void Dispose() => _views.Dispose();

    public Task<FiguresView?> FindAsync(PublicationSnapshot publication, Guid edition) => _views.FindAsync(publication.Id, edition, () => ReadAsync(publication, edition));

    private async Task<FiguresView?> ReadAsync(PublicationSnapshot publication, Guid id)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var edition = await db.Editions.AsNoTracking().SingleOrDefaultAsync(e => e.Id == id && e.PublicationId == publication.Id, CancellationToken.None);
        if (edition is null) return null;
        var byDomain = await domains.FindAsync(db, edition, Patience, CancellationToken.None);
        var tally = await EditionTally.ReadAsync(db, id, mostCounted: 0, CancellationToken.None);
        var texts = await db.FailureTexts.Where(f => f.EditionId == id).ToDictionaryAsync(f => f.Reason, f => f.Text, CancellationToken.None);
        var pulses = await db.EditionPulses.AsNoTracking().Where(p => p.EditionId == id).OrderBy(p => p.Quarter).ToListAsync(CancellationToken.None);
        var counters = await db.EditionCounters.AsNoTracking().SingleOrDefaultAsync(c => c.EditionId == id, CancellationToken.None);
        var links = await db.Links.AsNoTracking().Where(l => l.EditionId == id).OrderByDescending(l => l.Clicks).ThenBy(l => l.Id).Take(2_000).ToListAsync(CancellationToken.None);
        return new(
            byDomain?.Domains ?? [],
            byDomain?.CountedAt,
            ProvidersOf(tally),
            FailuresOf(tally, texts),
            EngagementCurve.Of(pulses, publication.TimeZone, time.GetUtcNow()),
            [.. links.Take(MostLinks).Select(l => new LinkFigures(l.Address, l.Follows, l.Clicks))],
            await EntriesAsync(db, edition, links),
            EditionFacts.Of(counters));
    }

    private static List<ProviderFigures> ProvidersOf(EditionTally tally) =>
        [.. tally.Batches.Where(b => b.Provider is not null).GroupBy(b => b.Provider!).OrderBy(g => g.Key, StringComparer.Ordinal)
            .Select(g => new ProviderFigures(g.Key, g.Sum(b => b.Tally.Taken), g.Sum(b => b.Tally.Failed + b.Tally.Bounced)))];

    private static List<FailureFigures> FailuresOf(EditionTally tally, Dictionary<string, string> texts) =>
        [.. tally.Batches.SelectMany(b => b.Tally.Reasons).GroupBy(r => (r.State, Reason: string.IsNullOrEmpty(r.Reason) ? null : r.Reason))
            .Select(g => new FailureFigures(
                g.Key.State, g.Key.Reason, g.Sum(r => r.Letters),
                g.Key.State is DeliveryState.Failed or DeliveryState.Bounced ? texts.GetValueOrDefault(g.Key.Reason ?? "") : null))
            .OrderByDescending(f => f.Letters).ThenBy(f => f.State).ThenBy(f => f.Reason, StringComparer.Ordinal).Take(100)];

    private static async Task<IReadOnlyList<EntryFigures>?> EntriesAsync(MailerDb db, Edition edition, List<Link> links)
    {
        var entries = (await VariantBooks.PostsAsync(db, edition.PostIds, CancellationToken.None)).SelectMany(p => p.Entries).ToList();
        if (entries.Count == 0) return null;
        // An address that several entries name says nothing about any of them.
        var owners = entries.SelectMany(e => AddressesOf(e).Distinct().Select(address => (address, entry: e.Id))).ToLookup(o => o.address, o => o.entry);
        var clicks = links.Where(l => owners[l.Address].Count() == 1).GroupBy(l => owners[l.Address].Single()).ToDictionary(g => g.Key, g => g.Sum(l => l.Clicks));
        return [.. entries.Select(e => new EntryFigures(e.Id, e.Title.Length > 0 ? e.Title : e.Name, clicks.GetValueOrDefault(e.Id))).OrderByDescending(e => e.Clicks)];
    }

    private static IEnumerable<string> AddressesOf(EntrySnapshot entry) => entry.Links.Select(l => l.Url).Append(entry.Url).Where(url => url.Length > 0);
}
