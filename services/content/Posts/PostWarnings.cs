using System.Text;
using System.Text.RegularExpressions;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Content.Texts;
using Newsletter.Contracts;

namespace Newsletter.Content.Posts;

/// <summary>What an author may have overlooked. None of it keeps a post from being published.</summary>
internal static partial class PostWarnings
{
    private const int LongSubject = 70;
    /// <summary>Gmail clips a message whose HTML passes 102 KB.</summary>
    private const int LongLetter = 100_000;

    public static IReadOnlyList<string> Of(Post post, KnownPublication publication) => [.. Find(post, publication)];

    private static IEnumerable<string> Find(Post post, KnownPublication publication)
    {
        if (post.Rendering.Whole.Html.Length == 0 && post.Entries.Count == 0) yield return "The post is empty.";
        if (post.Summary.Length == 0) yield return "There is no summary: lists, search results and roundups show the title alone.";
        if (post.Title.Length > LongSubject) yield return $"Inboxes cut subjects after 40 to {LongSubject} characters.";
        if (post.Access != Access.Public && post.Rendering.Teaser.Html.Length == 0) yield return "Nothing of the post is free: whoever may not read it sees the gate alone.";
        else if (post.Access != Access.Public && !Renderer.IsMarked(post.Body)) yield return "No line <!--more--> ends the free preview: it is the first paragraph.";
        foreach (var topic in post.Topics.Where(topic => publication.Snapshot.Topics.All(known => known.Slug != topic)))
            yield return $"The publication has no topic “{topic}”: no reader can have chosen it.";
        if (Bare().Count(post.Rendering.Whole.Html) is > 0 and var images) yield return images == 1 ? "An image has no description." : $"{images} images have no description.";
        if (post.Kind == PostKind.Digest && post.Entries.Count == 0) yield return "The digest has no entries.";
        var sections = post.Rendering.Sections.Select(s => s.Title).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var entry in post.Entries.Where(e => e.Section.Length > 0 && !sections.Contains(e.Section)))
            yield return $"“{entry.Name}” is in the section “{entry.Section}”, which the text does not have.";
        if (Encoding.UTF8.GetByteCount(post.Rendering.Whole.Html) + post.Rendering.Entries.Sum(e => Encoding.UTF8.GetByteCount(e.Html)) > LongLetter)
            yield return "Mail programs show the first 100 KB of a letter: it will end early, with a link to the rest.";
    }

    [GeneratedRegex("""<img\b(?![^>]*\balt="[^"]+")""", RegexOptions.IgnoreCase)]
    private static partial Regex Bare();
}
