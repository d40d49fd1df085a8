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
    public OutgoingBatch Of(IReadOnlyList<Addressee> addressees) => new()
    {
        From = Sender.From,
        ReplyTo = Sender.ReplyTo,
        Dkim = Sender.Dkim,
        Subject = Variant.Subject,
        Html = Variant.Html,
        Text = Variant.Text,
        Headers = ListHeaders.Of(Publication, Newsletter, Edition),
        Categories = ["edition", Edition.Kind.ToString().ToLowerInvariant()],
        Letters = [.. addressees.Select(LetterOf)],
    };

    private OutgoingLetter LetterOf(Addressee addressee) => new()
    {
        Key = addressee.SubscriberId.ToString("N"),
        To = new(addressee.Email, addressee.Name),
        MessageId = Ids.Of(Edition.Id, addressee.SubscriberId, Sender.From.Address),
        Substitutions = new Dictionary<string, string>
        {
            [Placeholder.Reader] = ReaderCode(addressee),
            [Placeholder.Unsubscribe] = addressee.UnsubscribeToken,
        },
        Headers = new Dictionary<string, string> { ["List-Unsubscribe"] = $"<{ListHeaders.UnsubscribeUrl(Publication, Newsletter, addressee.UnsubscribeToken)}>" },
        CustomArgs = new Dictionary<string, string>
        {
            [CustomArgs.Publication] = Edition.PublicationId.ToString("N"),
            [CustomArgs.Edition] = Edition.Id.ToString("N"),
            [CustomArgs.Subscriber] = addressee.SubscriberId.ToString("N"),
            [CustomArgs.Batch] = Batch.Id.ToString("N"),
        },
    };
}
