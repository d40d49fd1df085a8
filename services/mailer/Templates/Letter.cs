using Newsletter.Contracts;

namespace Newsletter.Mailer.Templates;

/// <summary>A rendered mail. Personal parts are still <see cref="Placeholder"/>s, so one letter serves a whole variant.</summary>
/// <param name="List">Stands for <see cref="Placeholder.List"/>; null where all readers get the same.</param>
internal sealed record Letter(string Subject, string Html, string Text, PersonalList? List = null);

/// <summary>A part of a letter that is rendered once and put into every variant that shows it.</summary>
public sealed record LetterBlock(string Html, string Text);

/// <summary>What surrounds the blocks of an edition.</summary>
/// <param name="Track">Turns a link's address into the one that counts clicks.</param>
/// <param name="OpenPixel">Address of the image that counts opens; ends with the reader's placeholder and <c>.gif</c>.</param>
internal sealed record LetterFrame(
    PublicationSnapshot Publication, NewsletterSnapshot Newsletter, Guid EditionId, Func<string, string> Track, string? OpenPixel);

/// <summary>Who writes a transactional mail. Without a publication it is the installation itself.</summary>
internal sealed record TransactionalFrame(string Name, string BaseUrl, string Accent, string Language, string PostalAddress)
{
    public static TransactionalFrame Of(PublicationSnapshot publication) =>
        new(publication.Name, publication.BaseUrl, publication.AccentColour, publication.Language, publication.PostalAddress);
}
