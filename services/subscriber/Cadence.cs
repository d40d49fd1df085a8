using Newsletter.Contracts;

namespace Newsletter.Subscriber;

/// <summary>Shorthand over a publication's two default newsletters: its first of kind posts, its first of kind roundup.</summary>
public enum Cadence { EveryPost, Weekly, None }

internal static class Cadences
{
    public static NewsletterSnapshot? DefaultOf(this PublicationSnapshot publication, NewsletterKind kind) =>
        publication.Newsletters.FirstOrDefault(n => n.Kind == kind);

    /// <summary>The newsletters that the shorthand stands for.</summary>
    public static IReadOnlyList<Guid> NewslettersOf(this PublicationSnapshot publication, Cadence cadence) =>
        Kind(cadence) is { } kind && publication.DefaultOf(kind) is { } newsletter ? [newsletter.Id] : [];

    /// <summary>The shorthand for what somebody gets; every post where they get both.</summary>
    public static Cadence CadenceOf(this PublicationSnapshot publication, IEnumerable<Guid> newsletters)
    {
        var all = newsletters.ToHashSet();
        return publication.DefaultOf(NewsletterKind.Posts) is { } posts && all.Contains(posts.Id) ? Cadence.EveryPost
            : publication.DefaultOf(NewsletterKind.Roundup) is { } roundup && all.Contains(roundup.Id) ? Cadence.Weekly
            : Cadence.None;
    }

    /// <summary>
    /// What somebody asks for: the named newsletters and what the cadence stands for; with neither, the weekly roundup, which costs a reader least.
    /// Null when a slug is not one of the publication's.
    /// </summary>
    public static IReadOnlyList<Guid>? Choose(this PublicationSnapshot publication, Cadence? cadence, IReadOnlyList<string>? slugs)
    {
        if (cadence is null && slugs is null) return publication.NewslettersOf(Cadence.Weekly);
        var named = (slugs ?? []).Select(slug => publication.Newsletters.FirstOrDefault(n => n.Slug == slug)?.Id).ToList();
        if (named.Contains(null)) return null;
        return named.Select(id => id!.Value).Concat(cadence is { } shorthand ? publication.NewslettersOf(shorthand) : []).Distinct().ToList();
    }

    private static NewsletterKind? Kind(Cadence cadence) => cadence switch
    {
        Cadence.EveryPost => NewsletterKind.Posts,
        Cadence.Weekly => NewsletterKind.Roundup,
        _ => null,
    };
}
