using System.Globalization;
using Newsletter.Content.Gates;
using Newsletter.Content.Posts;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Pages;

namespace Newsletter.Content.Pages;

/// <summary>What every page of a publication shows.</summary>
public sealed record SiteView(KnownPublication Publication, SiteInfo Info, Viewer Viewer, DateTimeOffset Now)
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-GB");
    private readonly TimeZoneInfo _zone = TimeZoneInfo.FindSystemTimeZoneById(Publication.Snapshot.TimeZone);

    public static SiteView Of(KnownPublication publication, Viewer viewer, DateTimeOffset now)
    {
        var p = publication.Snapshot;
        return new(publication, new(p.Name, p.Tagline, p.BaseUrl, p.Language, p.AccentColour, p.PostalAddress, HasPlans: true), viewer, now);
    }

    public string Url(string path) => Info.Url(path);

    public string PostUrl(string slug) => Post.UrlOf(Publication.BaseUrl, slug);

    public string TopicUrl(string topic) => Info.Url($"/topics/{Uri.EscapeDataString(topic)}");

    public string TopicName(string topic) => Publication.TopicName(topic);

    /// <summary>The archive rule included, so that no card promises what the post's page then refuses.</summary>
    public Access AsksOf(Card card) => Gate.AsksOf(card.Access, card.KeepOpen, card.PublishedAt ?? card.UpdatedAt, Publication.Gate, Now);

    /// <summary>As the publication's zone has it.</summary>
    public DateTime LocalOf(DateTimeOffset time) => TimeZoneInfo.ConvertTime(time, _zone).DateTime;

    public string Day(DateTimeOffset time) => LocalOf(time).ToString("d MMMM yyyy", English);

    public string IsoDay(DateTimeOffset time) => LocalOf(time).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    public string Month(DateTimeOffset time) => LocalOf(time).ToString("MMMM yyyy", English);

    public static string KindName(PostKind kind) => kind == PostKind.Digest ? "Digest" : "Article";

    public static string? LockName(Access access) => access switch { Access.Subscribers => "Subscribers", Access.Paid => "Members", _ => null };

    public static string Names(IReadOnlyList<string> authors) => authors.Count <= 1 ? string.Concat(authors) : $"{string.Join(", ", authors.SkipLast(1))} and {authors[^1]}";
}

public sealed record TopicCount(string Slug, int Count);

/// <param name="Title">Posts of one month, or all in one part without a title.</param>
public sealed record CardGroup(string? Title, IReadOnlyList<Card> Cards);
