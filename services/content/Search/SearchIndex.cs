using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;

namespace Newsletter.Content.Search;

internal static class SearchIndex
{
    private const int MostFound = 200;

    /// <summary>Takes the post out of search and topics and, where it is published, puts it in as it is now. Saved with the post.</summary>
    public static async Task PutAsync(ContentDb db, Post post, KnownPublication publication, CancellationToken cancellation)
    {
        db.RemoveRange(await db.SearchDocuments.Where(d => d.PostId == post.Id).ToListAsync(cancellation));
        db.RemoveRange(await db.PostTopics.Where(t => t.PostId == post.Id).ToListAsync(cancellation));
        if (post.State != PostState.Published || post.PublishedAt is not { } published) return;

        db.Add(new SearchDocument
        {
            Id = Guid.CreateVersion7(),
            PublicationId = post.PublicationId,
            PostId = post.Id,
            Position = 0,
            Title = post.Title,
            Detail = post.Summary,
            Authors = string.Join(", ", post.Authors),
            Url = Post.UrlOf("", post.Slug),
            PublishedAt = published,
            Text = Text([post.Title, post.Summary, .. post.Authors, .. post.Topics, .. post.Topics.Select(publication.TopicName), post.Rendering.Teaser.Text]),
        });
        var position = 0;
        foreach (var entry in post.Rendering.Entries)
        {
            db.Add(new SearchDocument
            {
                Id = Guid.CreateVersion7(),
                PublicationId = post.PublicationId,
                PostId = post.Id,
                Position = ++position,
                Title = entry.Name,
                Detail = entry.Title,
                Authors = string.Join(", ", entry.Authors),
                Url = Post.UrlOf("", post.Slug) + entry.Url[entry.Url.IndexOf('#', StringComparison.Ordinal)..],
                PublishedAt = published,
                Text = Text([entry.Name, entry.Title, .. entry.Authors, .. entry.Topics, .. entry.Topics.Select(publication.TopicName)]),
            });
        }
        foreach (var topic in post.Topics.Concat(post.Entries.SelectMany(e => e.Topics)).Distinct())
            db.Add(new PostTopic { PublicationId = post.PublicationId, Topic = topic, PostId = post.Id, PublishedAt = published });
    }

    /// <summary>Every word must occur, as the beginning of a word; names first, then the newest.</summary>
    public static async Task<IReadOnlyList<SearchDocument>> FindAsync(ContentDb db, Guid publication, string query, CancellationToken cancellation)
    {
        var words = Folded.Words(query);
        if (words.Length == 0) return [];
        var found = await Matching(db, words).AsNoTracking().Where(d => d.PublicationId == publication)
            .OrderByDescending(d => d.PublishedAt).ThenBy(d => d.Position).Take(MostFound).ToListAsync(cancellation);
        return [.. found.OrderByDescending(d => words.All(Folded.Text(d.Title).Contains))];
    }

    /// <summary>The seam between the two databases: full text on PostgreSQL, LIKE on SQLite.</summary>
    private static IQueryable<SearchDocument> Matching(ContentDb db, string[] words)
    {
        if (db.IsSqlite)
        {
            // Texts begin with a space, so that the beginning of a word is one of " word".
            return words.Aggregate(db.SearchDocuments.AsQueryable(), (documents, word) => documents.Where(d => d.Text.Contains(" " + word)));
        }
        var all = string.Join(" & ", words.Select(w => $"{w}:*"));
        return db.SearchDocuments.Where(d => EF.Functions.ToTsVector("simple", d.Text).Matches(EF.Functions.ToTsQuery("simple", all)));
    }

    private static string Text(IEnumerable<string> parts) => " " + Folded.Text(string.Join(' ', parts));
}
