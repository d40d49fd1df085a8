using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Gates;
using Newsletter.Content.Posts;
using Newsletter.Content.Publications;
using Newsletter.Content.Readers;
using Newsletter.Content.Search;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;

namespace Newsletter.Content.Pages;

internal static class PageEndpoints
{
    private const int OnFront = 10;
    private const int OnList = 20;
    private const int MostHits = 50;
    private const int MostTopics = 40;

    // Lists are made of many posts, which another process may change unseen.
    private static readonly TimeSpan KeepLists = TimeSpan.FromSeconds(3);

    public static void MapPages(this WebApplication app)
    {
        var pages = app.MapPublication<ContentDb>("/{p}").ExcludeFromDescription();
        pages.MapRead("/", HomeAsync).ForAnyone();
        pages.MapRead("/archive", ArchiveAsync).ForAnyone();
        pages.MapRead("/topics/{topic}", TopicAsync).ForAnyone();
        pages.MapRead("/search", SearchAsync).ForAnyone();
        pages.MapRead("/posts/{slug}", PostAsync).ForAnyone();
        pages.MapRead("/{**rest}", MissingAsync).ForAnyone().WithOrder(int.MaxValue);
    }

    private static async Task<IResult> HomeAsync(PageContext page, CancellationToken cancellation)
    {
        var publication = page.Publication.Snapshot.Id;
        return await page.ListAsync<HomePage>("home", KeepLists, async site => new()
        {
            ["Site"] = site,
            ["Cards"] = await page.Db.PublishedOf(publication).AsNoTracking().After(null).Take(OnFront).Select(Card.OfPost).ToListAsync(cancellation),
            ["Topics"] = await TopicsAsync(page.Db, publication, cancellation),
        });
    }

    private static Task<IResult> ArchiveAsync(PageContext page, CancellationToken cancellation, string? after = null, string? before = null) =>
        CardsAsync(page, "archive", "/archive", page.Db.PublishedOf(page.Publication.Snapshot.Id).AsNoTracking(), after, before, async (site, cards) =>
        {
            var posts = page.Db.PublishedOf(page.Publication.Snapshot.Id);
            var count = await posts.CountAsync(cancellation);
            var oldest = await posts.MinAsync(p => p.PublishedAt, cancellation);
            return new()
            {
                ["Title"] = "Archive",
                ["Lead"] = oldest is { } since ? $"{count} {(count == 1 ? "post" : "posts")} since {site.Month(since)}" : "Nothing yet.",
                ["Current"] = "archive",
                ["Groups"] = cards.GroupBy(c => site.Month(c.PublishedAt!.Value)).Select(g => new CardGroup(g.Key, [.. g])).ToList(),
                ["Topics"] = await TopicsAsync(page.Db, page.Publication.Snapshot.Id, cancellation),
            };
        }, cancellation);

    private static async Task<IResult> TopicAsync(string topic, PageContext page, CancellationToken cancellation, string? after = null, string? before = null)
    {
        var publication = page.Publication.Snapshot.Id;
        if (!Slugs.IsSlug(topic) || !await page.Db.PostTopics.AnyAsync(t => t.PublicationId == publication && t.Topic == topic, cancellation)) return await page.MissingAsync();
        var posts = page.Db.PublishedOf(publication).AsNoTracking().WithTopic(page.Db, topic);
        return await CardsAsync(page, $"topic {topic}", $"/topics/{topic}", posts, after, before, async (site, cards) => new()
        {
            ["Title"] = site.TopicName(topic),
            ["Lead"] = await posts.CountAsync(cancellation) is 1 ? "1 post" : $"{await posts.CountAsync(cancellation)} posts",
            ["Groups"] = new List<CardGroup> { new(null, cards) },
        }, cancellation);
    }

    /// <summary>One page of a list, newest first, with links both ways.</summary>
    private static async Task<IResult> CardsAsync(
        PageContext page, string name, string path, IQueryable<Post> posts, string? after, string? before,
        Func<SiteView, IReadOnlyList<Card>, Task<Dictionary<string, object?>>> describe, CancellationToken cancellation)
    {
        var (from, until) = (Place.Read(after), Place.Read(before));
        return await page.ListAsync<ListPage>($"{name} {from} {until}", KeepLists, async site =>
        {
            List<Card> cards;
            bool hasNewer, hasOlder;
            if (until is { } place)
            {
                cards = await posts.Before(place).Take(OnList + 1).Select(Card.OfPost).ToListAsync(cancellation);
                (hasNewer, hasOlder) = (cards.Count > OnList, true);
                cards = [.. cards.Take(OnList).Reverse()];
            }
            else
            {
                cards = await posts.After(from).Take(OnList + 1).Select(Card.OfPost).ToListAsync(cancellation);
                (hasNewer, hasOlder) = (from is not null, cards.Count > OnList);
                cards = [.. cards.Take(OnList)];
            }
            var parameters = await describe(site, cards);
            parameters["Site"] = site;
            parameters["Path"] = path;
            parameters["IsFirst"] = from is null && until is null;
            parameters["NewerUrl"] = hasNewer && cards.Count > 0 ? site.Url($"{path}?before={Place.Of(cards[0])}") : null;
            parameters["OlderUrl"] = hasOlder && cards.Count > 0 ? site.Url($"{path}?after={Place.Of(cards[^1])}") : null;
            return parameters;
        });
    }

    private static async Task<IResult> SearchAsync(PageContext page, CancellationToken cancellation, string? q = null)
    {
        var query = q is { Length: > 200 } ? q[..200] : q?.Trim() ?? "";
        var publication = page.Publication.Snapshot.Id;
        var hits = await SearchIndex.FindAsync(page.Db, publication, query, cancellation);
        return await page.FreshAsync<SearchPage>(new()
        {
            ["Query"] = query,
            ["Hits"] = hits.Take(MostHits).ToList(),
            ["IsCut"] = hits.Count > MostHits,
            ["Topics"] = await TopicsAsync(page.Db, publication, cancellation),
        });
    }

    private static async Task<IResult> PostAsync(string slug, PageContext page, GateKeeper keeper, PostCache posts, CancellationToken cancellation)
    {
        var post = await posts.FindAsync(page.Db, page.Publication.Snapshot.Id, slug, cancellation);
        if (post is null) return await page.MissingAsync();
        var admission = await keeper.AdmitAsync(page.Http, page.Db, page.Caller, page.Publication, post, cancellation);
        return await page.PostAsync(post, admission);
    }

    private static Task<IResult> MissingAsync(PageContext page) => page.MissingAsync();

    private static async Task<IReadOnlyList<TopicCount>> TopicsAsync(ContentDb db, Guid publication, CancellationToken cancellation)
    {
        var counts = await db.PostTopics.Where(t => t.PublicationId == publication).GroupBy(t => t.Topic)
            .Select(g => new { g.Key, Count = g.Count() }).OrderByDescending(t => t.Count).ThenBy(t => t.Key).Take(MostTopics).ToListAsync(cancellation);
        return [.. counts.Select(t => new TopicCount(t.Key, t.Count))];
    }
}
