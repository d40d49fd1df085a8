using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Gathers what a batch's letters have in common.</summary>
internal sealed class LetterDesk(MailSenders senders, SecretKeys keys)
{
    public async Task<BatchLetters> LettersAsync(MailerDb db, Batch batch, Edition edition, Variant variant, PublicationMail mail, ProviderAccount account, CancellationToken cancellation)
    {
        var publication = await db.FindPublicationAsync(edition.PublicationId, cancellation)
            ?? throw new InvalidOperationException($"Edition {edition.Id} is of a publication that is not known.");
        var newsletter = publication.Newsletters.First(n => n.Id == edition.NewsletterId);
        var codes = new TrackingCodes(await keys.GetAsync(SecretKeys.Tracking, cancellation));
        var ids = new LetterIds(await keys.GetAsync(SecretKeys.MessageIds, cancellation));
        return new(
            batch, edition, variant, publication, newsletter, senders.Of(mail, publication, newsletter.Id, account.Name), ids,
            addressee => addressee.TrackingAllowed ? codes.Reader(edition.Id, addressee.SubscriberId) : TrackingCodes.Nobody);
    }
}
