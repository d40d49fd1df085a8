using Newsletter.Mailer.Letters;

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
    public string Subject { get; private set; } = "";
    public string Html { get; private set; } = "";
    public string Text { get; private set; } = "";
    /// <summary>The public cut, which the web view shows; nobody is mailed it unless it is also their cut.</summary>
    public bool IsPublic { get; private set; }

    public static Variant Of(Edition edition, string hash, IReadOnlyList<BlockChoice> blocks, string subject, string html, string text, bool isPublic, TimeProvider time) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        EditionId = edition.Id,
        PublicationId = edition.PublicationId,
        Hash = hash,
        Blocks = blocks,
        Subject = subject,
        Html = html,
        Text = text,
        IsPublic = isPublic,
    };
}
