using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Storage;

/// <summary>One body of an edition: a distinct ordered list of blocks, rendered once. Its personal parts are placeholders.</summary>
public sealed class Variant
{
    private Variant() { }

    public Guid Id { get; private set; }
    public Guid EditionId { get; private set; }
    public Guid PublicationId { get; private set; }
    /// <summary>Of the ordered blocks; unique within the edition.</summary>
    public string Hash { get; private set; } = "";
    public IReadOnlyList<BlockChoice> Blocks { get; private set; } = [];
    /// <summary>Whether its links are counted; for readers who do not want that there is one whose are not.</summary>
    public bool Tracked { get; private set; } = true;
    public string Subject { get; private set; } = "";
    public string Html { get; private set; } = "";
    public string Text { get; private set; } = "";
    /// <summary>Blocks of which each letter shows some: <see cref="Delivery.Choice"/>. Null where all letters show the same.</summary>
    public PersonalList? List { get; private set; }

    internal static Variant Of(Edition edition, string hash, IReadOnlyList<BlockChoice> blocks, bool tracked, Letter letter, TimeProvider time) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        EditionId = edition.Id,
        PublicationId = edition.PublicationId,
        Hash = hash,
        Blocks = blocks,
        Tracked = tracked,
        Subject = letter.Subject,
        Html = letter.Html,
        Text = letter.Text,
        List = letter.List,
    };

    /// <summary>A post was unpublished: the same readers get what is left. The hash stays, it only tells variants apart.</summary>
    internal void Drop(Guid post)
    {
        Blocks = [.. Blocks.Where(b => b.PostId != post)];
        List = List?.Without(post);
        // Nothing is left to send to its readers.
        if (Blocks.Count == 0) (Html, Text, List) = ("", "", null);
    }

    /// <summary>Whether a letter has anything left to show.</summary>
    internal bool Shows(BlockSet? blocks) => Blocks.Count > 0 && (List is null || List.ShownTo(blocks).Any());
}
