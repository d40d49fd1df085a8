using System.ServiceModel.Syndication;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;
using System.Xml;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;

namespace Newsletter.Content.Feeds;

/// <summary>RSS 2.0, the form that every reader program takes.</summary>
internal static class Rss
{
    /// <param name="self">The feed's own address; none for one that is a secret.</param>
    public static byte[] Of(KnownPublication publication, IReadOnlyList<FeedItem> items, string? self)
    {
        var p = publication.Snapshot;
        var feed = new SyndicationFeed(p.Name, p.Tagline.Length > 0 ? p.Tagline : publication.Description, new Uri(p.BaseUrl + "/"))
        {
            Language = p.Language,
            Items = [.. items.Select(item => ItemOf(item, p.BaseUrl))],
        };
        if (items.Count > 0) feed.LastUpdatedTime = items.Max(i => i.Post.UpdatedAt);
        if (self is not null) feed.Links.Add(SyndicationLink.CreateSelfLink(new Uri(self), "application/rss+xml"));
        using var buffer = new MemoryStream();
        using (var writer = XmlWriter.Create(buffer, new XmlWriterSettings { Encoding = new UTF8Encoding(false), CheckCharacters = true }))
            new Rss20FeedFormatter(feed, serializeExtensionsAsAtom: true).WriteTo(writer);
        return buffer.ToArray();
    }

    private static SyndicationItem ItemOf(FeedItem item, string baseUrl)
    {
        var post = item.Post;
        var url = new Uri(Post.UrlOf(baseUrl, post.Slug));
        var entry = new SyndicationItem(post.Title, SyndicationContent.CreatePlaintextContent(post.Summary), url, url.ToString(), post.UpdatedAt) { PublishDate = post.PublishedAt ?? post.UpdatedAt };
        foreach (var author in post.Authors) entry.ElementExtensions.Add("creator", "http://purl.org/dc/elements/1.1/", author);
        foreach (var topic in post.Topics) entry.Categories.Add(new(topic));
        entry.ElementExtensions.Add("encoded", "http://purl.org/rss/1.0/modules/content/", Allowed(item.Html));
        return entry;
    }

    /// <summary>HTML may hold characters that XML may not.</summary>
    private static string Allowed(string html) => string.Concat(html.Where(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c)));
}

/// <summary>JSON Feed 1.1.</summary>
internal static class JsonFeed
{
    // Every letter as it is, but nothing that a careless program would take for markup.
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static byte[] Of(KnownPublication publication, IReadOnlyList<FeedItem> items)
    {
        var p = publication.Snapshot;
        return JsonSerializer.SerializeToUtf8Bytes(new
        {
            version = "https://jsonfeed.org/version/1.1",
            title = p.Name,
            home_page_url = p.BaseUrl + "/",
            feed_url = p.BaseUrl + "/feed.json",
            description = publication.Description,
            language = p.Language,
            items = items.Select(item => new
            {
                id = Post.UrlOf(p.BaseUrl, item.Post.Slug),
                url = Post.UrlOf(p.BaseUrl, item.Post.Slug),
                title = item.Post.Title,
                summary = item.Post.Summary,
                content_html = item.Html,
                date_published = item.Post.PublishedAt,
                date_modified = item.Post.UpdatedAt,
                authors = item.Post.Authors.Select(name => new { name }),
                tags = item.Post.Topics,
            }),
        }, Readable);
    }
}
