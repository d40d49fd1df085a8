using Newsletter.Contracts;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Tests.Templates;

/// <summary>A publication with letters to render.</summary>
internal static class Sample
{
    public static readonly Guid Edition = Guid.Parse("0198a000-0000-7000-8000-000000000001");

    public static PublicationSnapshot Publication { get; } = new()
    {
        Id = Guid.Parse("0198a000-0000-7000-8000-0000000000aa"),
        Version = 1,
        Slug = "scipapermill",
        Name = "SciPapermill",
        Tagline = "The week's AI papers, read closely and told clearly.",
        BaseUrl = "https://scipapermill.example",
        TimeZone = "Europe/London",
        PostalAddress = "SciPapermill\n4 Sluice Lane, Exampleton ZZ99 9ZZ, United Kingdom",
        AccentColour = "#0f5e63",
        Topics = [new("interpretability", "Interpretability & trust")],
    };

    public static NewsletterSnapshot Newsletter { get; } =
        new() { Id = Guid.Parse("0198a000-0000-7000-8000-0000000000bb"), Slug = "posts", Name = "New posts", Kind = NewsletterKind.Posts };

    public static LetterFrame Frame { get; } = new(Publication, Newsletter, Edition, url => url, null);

    public static PostSnapshot Article(string html = "<p>Hello.</p>", string title = "How to read a benchmark table without being fooled") => new()
    {
        Id = Guid.CreateVersion7(),
        PublicationId = Publication.Id,
        Version = 1,
        Published = true,
        Slug = "benchmark",
        Kind = PostKind.Article,
        Title = title,
        Summary = "Five questions to ask before you believe a bold number.",
        Url = "https://scipapermill.example/posts/benchmark",
        Authors = ["Mira Castellan", "Tomas Verbeek"],
        Topics = ["evaluation"],
        PublishedAt = new DateTimeOffset(2026, 6, 24, 8, 0, 0, TimeSpan.Zero),
        Cuts = [Whole(html)],
    };

    /// <summary>A digest of so many entries, each with a summary of about the given length.</summary>
    public static PostSnapshot Digest(int entries, int summaryLength = 430)
    {
        var all = Enumerable.Range(1, entries).Select(n => new EntrySnapshot
        {
            Id = Guid.CreateVersion7(),
            Name = $"SYSTEM-{n}",
            Title = "A reading of glioblastoma response that a clinician can correct",
            Section = n <= entries / 2 ? "Ideas and core innovations" : "Models, data sets and benchmarks",
            Authors = ["Alia Tarek et al."],
            Html = $"<p>{Prose(summaryLength)}</p>",
            Text = Prose(summaryLength),
            Topics = ["interpretability", "medical-imaging"],
            Links = n % 2 == 0 ? [new("code", $"https://github.com/example/system-{n}"), new("doi", $"https://doi.org/10.1234/system.{n}")] : [],
            Url = $"https://scipapermill.example/posts/deep-learning-2026-07-04#system-{n}",
        }).ToList();
        const string intro = "<p>For ten years the question put to a new model was <em>how accurate it is</em>. This week's papers are asked something harder.</p><h2>Explanations one can argue with</h2><p>An explanation is worth having when <strong>somebody</strong> can disagree with it.</p>";
        return Article() with
        {
            Slug = "deep-learning-2026-07-04",
            Kind = PostKind.Digest,
            Title = "Deep learning this week: models that show their reasons",
            Summary = "Forty-three entries from the latest hundred papers.",
            Url = "https://scipapermill.example/posts/deep-learning-2026-07-04",
            Entries = all,
            Cuts = [new() { Level = Access.Public, Html = intro, Text = "For ten years …", EntryIds = all.Select(e => e.Id).ToList(), Complete = true }],
        };
    }

    public static Cut Whole(string html, string text = "Hello.") => new() { Level = Access.Public, Html = html, Text = text, Complete = true };

    private static string Prose(int length)
    {
        const string sentence = "Whether a glioblastoma responds to treatment is judged by the RANO criteria, a chain of rules that an ordinary classifier swallows whole. ";
        return string.Concat(Enumerable.Repeat(sentence, length / sentence.Length + 1))[..length].Trim();
    }
}
