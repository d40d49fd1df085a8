using Newsletter.Contracts;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Puts a variant and its addressees into what a provider takes.</summary>
internal sealed record BatchLetters(
    Batch Batch, Edition Edition, Variant Variant, PublicationSnapshot Publication, NewsletterSnapshot Newsletter, LetterSender Sender, LetterIds Ids,
    Func<Addressee, string> ReaderCode)
{
    private readonly KeyValuePair<string, string>[] _args =
    [
        new(CustomArgs.Publication, Edition.PublicationId.ToString("N")), new(CustomArgs.Edition, Edition.Id.ToString("N")), new(CustomArgs.Batch, Batch.Id.ToString("N")),
    ];

    public OutgoingBatch Of(IReadOnlyList<Addressee> addressees) => new()
    {
        From = Sender.From,
        ReplyTo = Sender.ReplyTo,
        Dkim = Sender.Dkim,
        Subject = Variant.Subject,
        Html = Variant.Html,
        Text = Variant.Text,
        List = Variant.List,
        Headers = ListHeaders.Of(Publication, Newsletter, Edition),
        Categories = ["edition", Edition.Kind.ToString().ToLowerInvariant()],
        Letters = [.. addressees.Select(LetterOf)],
    };

    // A list of two costs a fifth of a dictionary, and there are three for each letter.
    private OutgoingLetter LetterOf(Addressee addressee)
    {
        var key = addressee.SubscriberId.ToString("N");
        return new()
        {
            Key = key,
            To = new(addressee.Email, addressee.Name),
            MessageId = Ids.Of(Edition.Id, addressee.SubscriberId, Sender.From.Address),
            Substitutions = [new(Placeholder.Reader, ReaderCode(addressee)), new(Placeholder.Unsubscribe, addressee.UnsubscribeToken)],
            Headers = [new("List-Unsubscribe", $"<{ListHeaders.UnsubscribeUrl(Publication, Newsletter, addressee.UnsubscribeToken)}>")],
            CustomArgs = [.. _args, new(CustomArgs.Subscriber, key)],
            Blocks = addressee.Blocks,
        };
    }
}
