using System.Globalization;
using System.Text.Json.Nodes;
using Newsletter.Content.Storage;
using Newsletter.Contracts;

namespace Newsletter.Content.Pages;

/// <summary>What search engines are told of a post; of a gated one also which part is not free.</summary>
internal static class StructuredData
{
    public static JsonObject Of(Post post, SiteView site, Access asks)
    {
        var data = new JsonObject
        {
            ["@context"] = "https://schema.org",
            ["@type"] = post.Kind == PostKind.Digest ? "NewsArticle" : "Article",
            ["headline"] = post.Title,
            ["description"] = post.Summary,
            ["mainEntityOfPage"] = site.PostUrl(post.Slug),
            ["datePublished"] = Iso(post.PublishedAt ?? post.UpdatedAt),
            ["dateModified"] = Iso(post.UpdatedAt),
            ["author"] = new JsonArray([.. post.Authors.Select(name => new JsonObject { ["@type"] = "Person", ["name"] = name })]),
            ["publisher"] = new JsonObject { ["@type"] = "Organization", ["name"] = site.Info.Name, ["url"] = site.Url("/") },
            ["isAccessibleForFree"] = asks == Access.Public,
        };
        if (asks != Access.Public)
            data["hasPart"] = new JsonObject { ["@type"] = "WebPageElement", ["isAccessibleForFree"] = false, ["cssSelector"] = ".gate" };
        return data;
    }

    private static string Iso(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
