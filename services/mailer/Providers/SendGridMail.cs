using System.Text;
using SendGrid.Helpers.Mail;

namespace Newsletter.Mailer.Providers;

/// <summary>A batch as SendGrid's mail/send takes it.</summary>
internal static class SendGridMail
{
    // Substitutions, and custom arguments, of one personalization.
    private const int MaxPersonalBytes = 10_000;

    /// <summary>What SendGrid would refuse the whole call for.</summary>
    public static SendOutcome? FaultOf(OutgoingLetter letter)
    {
        if (!HeaderText.IsAddress(letter.To.Address)) return new SendOutcome.Rejected(letter.Key, AddressIsBad: true, "invalid_address", "");
        return Size(letter.Substitutions) > MaxPersonalBytes || Size(letter.CustomArgs) > MaxPersonalBytes
            ? new SendOutcome.Rejected(letter.Key, AddressIsBad: false, "too_large", "")
            : null;
    }

    public static SendGridMessage Of(OutgoingBatch batch, IReadOnlyList<OutgoingLetter> letters)
    {
        var mail = new SendGridMessage
        {
            From = Person(batch.From),
            ReplyTo = batch.ReplyTo is { } reply ? Person(reply) : null,
            Subject = HeaderText.Value(batch.Subject),
            Contents = [new Content("text/plain", batch.Text), new Content("text/html", batch.Html)],
            Headers = Headers(batch.Headers),
            Categories = batch.Categories.Count > 0 ? [.. batch.Categories] : null,
            // Links and opens are counted by us; its unsubscribe footer would be a second one.
            TrackingSettings = new()
            {
                ClickTracking = new() { Enable = false, EnableText = false },
                OpenTracking = new() { Enable = false },
                SubscriptionTracking = new() { Enable = false },
            },
            Personalizations = [.. letters.Select(Personal)],
        };
        return mail;
    }

    private static Personalization Personal(OutgoingLetter letter)
    {
        var headers = Headers(letter.Headers) ?? [];
        headers["Message-ID"] = $"<{letter.MessageId}>";
        return new()
        {
            Tos = [Person(letter.To)],
            Substitutions = letter.Substitutions.Count > 0 ? letter.Substitutions.ToDictionary() : null,
            Headers = headers,
            CustomArgs = letter.CustomArgs.Count > 0 ? letter.CustomArgs.ToDictionary() : null,
        };
    }

    private static EmailAddress Person(MailAddress address) => new(address.Address, HeaderText.Name(address.Name));

    private static Dictionary<string, string>? Headers(IReadOnlyDictionary<string, string> headers) =>
        headers.Count == 0 ? null : headers.ToDictionary(h => h.Key, h => HeaderText.Value(h.Value));

    private static int Size(IReadOnlyDictionary<string, string> values) =>
        values.Sum(v => Encoding.UTF8.GetByteCount(v.Key) + Encoding.UTF8.GetByteCount(v.Value));
}
