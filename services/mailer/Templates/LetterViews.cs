using System.Globalization;
using Newsletter.Contracts;

namespace Newsletter.Mailer.Templates;

/// <summary>What <c>letter.*.liquid</c> shows around the blocks.</summary>
internal sealed record FrameView
{
    /// <param name="isPersonal">Whether readers get different blocks: then the page in the browser is theirs, too.</param>
    public FrameView(LetterFrame frame, string title, string preheader, bool isPersonal = false)
    {
        var publication = frame.Publication;
        (Title, Preheader) = (title, preheader);
        (Name, Tagline, Language, BaseUrl) = (publication.Name, publication.Tagline, publication.Language, publication.BaseUrl);
        Initial = InitialOf(publication.Name);
        PostalAddress = publication.PostalAddress;
        NewsletterName = frame.Newsletter.Name;
        (Accent, AccentDark) = (Templates.Accent.OnPaper(publication.AccentColour), Templates.Accent.OnNight(publication.AccentColour));
        BrowserUrl = $"{publication.BaseUrl}/editions/{frame.EditionId}{(isPersonal ? $"?r={Placeholder.Reader}" : "")}";
        UnsubscribeUrl = $"{publication.BaseUrl}/unsubscribe?token={Placeholder.Unsubscribe}&newsletter={frame.Newsletter.Slug}";
        OpenPixel = frame.OpenPixel ?? "";
    }

    public string Title { get; }
    public string Preheader { get; }
    public string Name { get; }
    public string Initial { get; }
    public string Tagline { get; }
    public string Language { get; }
    public string BaseUrl { get; }
    public string PostalAddress { get; }
    public string NewsletterName { get; }
    public string Accent { get; }
    public string AccentDark { get; }
    public string BrowserUrl { get; }
    public string UnsubscribeUrl { get; }
    public string OpenPixel { get; }
    public Markup Body { get; init; } = new("");

    public static string InitialOf(string name) =>
        name.Length == 0 ? "" : StringInfo.GetNextTextElement(name).ToUpperInvariant();
}

/// <summary>A post's head, in its own letter or in a roundup.</summary>
internal sealed record PostView(string Title, string Summary, string Kind, string Date, string Authors, string Url, string PlainUrl, string Accent, bool Members)
{
    public PostView(LetterFrame frame, PostSnapshot post) : this(
        post.Title, post.Summary, post.Kind == PostKind.Digest ? "Digest" : "Article",
        LetterDates.Day(post.PublishedAt ?? post.FirstPublishedAt, frame.Publication.TimeZone),
        string.Join(", ", post.Authors), frame.Track(post.Url), post.Url,
        Templates.Accent.OnPaper(frame.Publication.AccentColour), post.Access == Access.Paid)
    {
    }
}

internal sealed record EntryView(
    string Name, string Title, string Authors, Markup Html, string Text, IReadOnlyList<LinkView> Links, IReadOnlyList<string> Topics,
    string Url, string PlainUrl, string Accent)
{
    public EntryView(LetterFrame frame, EntrySnapshot entry, string accent) : this(
        entry.Name, entry.Title, string.Join(", ", entry.Authors),
        new Markup(LetterBody.Join(entry.Html, accent, frame.Track)), entry.Text.Trim(),
        entry.Links.Where(IsWeb).Select(l => new LinkView(LinkView.LabelOf(l.Kind), frame.Track(l.Url), l.Url)).ToList(), [.. entry.Topics.Select(slug => NameOf(frame, slug))],
        entry.Url.Length > 0 ? frame.Track(entry.Url) : "", entry.Url, accent)
    {
    }

    private static string NameOf(LetterFrame frame, string topic) =>
        frame.Publication.Topics.FirstOrDefault(t => t.Slug == topic)?.Name ?? topic.Replace('-', ' ');

    private static bool IsWeb(EntryLink link) =>
        Uri.TryCreate(link.Url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https";
}

internal sealed record LinkView(string Label, string Url, string PlainUrl)
{
    public static string LabelOf(string kind) => kind switch
    {
        "code" => "Code",
        "dataset" => "Data",
        "doi" => "DOI",
        _ => "Paper",
    };
}

/// <summary>Sends the reader on to the site: <c>long</c> (clients would clip the rest), <c>more</c> or <c>paid</c> (the cut ends here).</summary>
internal sealed record MoreView(string Url, string PlainUrl, string Kind, string Accent);
