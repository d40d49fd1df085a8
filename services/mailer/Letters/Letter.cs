using Newsletter.Contracts;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Letters;

/// <summary>Which part of which post a variant shows: a cut, and of its entries those that are wanted (in the post's order).</summary>
public sealed record BlockChoice(Guid PostId, Access Level, IReadOnlyList<Guid> EntryIds);

/// <summary>What a letter's template is given. The same for every reader of a variant.</summary>
public sealed record LetterModel
{
    public required PublicationSnapshot Publication { get; init; }
    public required NewsletterSnapshot Newsletter { get; init; }
    public required EditionKind Kind { get; init; }
    public required string Subject { get; init; }
    /// <summary>Shown by mail programs after the subject.</summary>
    public string Preheader { get; init; } = "";
    /// <summary>The letter in the browser.</summary>
    public required string WebUrl { get; init; }
    public required IReadOnlyList<LetterBlock> Blocks { get; init; }
}

/// <summary>One post, in the cut and with the entries that the variant shows.</summary>
public sealed record LetterBlock
{
    public required PostSnapshot Post { get; init; }
    public required Cut Cut { get; init; }
    public IReadOnlyList<EntrySnapshot> Entries { get; init; } = [];
}

/// <summary>Subject, HTML and text, in which <see cref="Placeholder"/>s stand for the personal parts.</summary>
public sealed record RenderedLetter(string Subject, string Html, string Text);

/// <summary>The personal parts of a letter, replaced per reader by the provider or by us: literal text.</summary>
public static class Placeholder
{
    public const string UnsubscribeUrl = "[[unsubscribe]]";
    /// <summary>The reader's tracking code, in addresses <c>/t/{link}?r=[[reader]]</c> and <c>/o/[[reader]].gif</c>.</summary>
    public const string Reader = "[[reader]]";
    /// <summary>Their name for the HTML part, encoded; for the text part, plain. Empty where none is known.</summary>
    public const string NameHtml = "[[name-html]]";
    public const string NameText = "[[name-text]]";
}
