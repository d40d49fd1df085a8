using Newsletter.Contracts;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.SignIn;

namespace Newsletter.Subscriber.Mail;

/// <summary>What we ask the mailer to send to one person. Saved with the change that causes it.</summary>
internal static class Mails
{
    /// <summary>How long the link in a confirmation works.</summary>
    public static readonly TimeSpan ConfirmWithin = TimeSpan.FromDays(14);
    private static readonly TimeSpan SendConfirmationWithin = TimeSpan.FromDays(1);

    /// <param name="mailId">Given where a repeated command must not mail twice.</param>
    public static SendTransactionalMail Confirmation(PublicationSnapshot publication, Subscriber to, LinkSigner links, DateTimeOffset now, Guid? mailId = null) =>
        ToReader(publication, to, TransactionalTemplate.Confirmation, now + SendConfirmationWithin, new()
        {
            ["link"] = $"{publication.BaseUrl}/confirm?token={links.Confirm(to.Id, now + ConfirmWithin)}",
            ["unsubscribe"] = $"{publication.BaseUrl}/unsubscribe?token={links.Unsubscribe(to.Id)}",
        }, mailId);

    public static SendTransactionalMail AlreadySubscribed(PublicationSnapshot publication, Subscriber to, string token, DateTimeOffset now) =>
        ToReader(publication, to, TransactionalTemplate.AlreadySubscribed, now + Challenge.Lifetime, new() { ["link"] = $"{publication.BaseUrl}/sign-in?token={token}" });

    public static SendTransactionalMail SignIn(PublicationSnapshot publication, Subscriber to, string token, string code, DateTimeOffset now) =>
        ToReader(publication, to, TransactionalTemplate.SignIn, now + Challenge.Lifetime, new()
        {
            ["link"] = $"{publication.BaseUrl}/sign-in?token={token}",
            ["code"] = code,
        });

    public static SendTransactionalMail AddressChange(PublicationSnapshot publication, Subscriber of, string newAddress, string token, DateTimeOffset now) =>
        ToReader(publication, of, TransactionalTemplate.AddressChange, now + Challenge.Lifetime, new() { ["link"] = $"{publication.BaseUrl}/account/address/confirm?token={token}" })
            with
        { To = newAddress };

    /// <param name="url">Of the installation: staff belong to no publication.</param>
    public static SendTransactionalMail StaffSignIn(string url, string to, string token, string code, DateTimeOffset now) => new()
    {
        MailId = Guid.CreateVersion7(now),
        To = to,
        Template = TransactionalTemplate.StaffSignIn,
        Values = new Dictionary<string, string> { ["link"] = $"{url.TrimEnd('/')}/console/sign-in?token={token}", ["code"] = code },
        ExpiresAt = now + Challenge.Lifetime,
    };

    private static SendTransactionalMail ToReader(
        PublicationSnapshot publication, Subscriber to, TransactionalTemplate template, DateTimeOffset expires, Dictionary<string, string> values, Guid? mailId = null) =>
        new()
        {
            MailId = mailId ?? Guid.CreateVersion7(),
            PublicationId = publication.Id,
            SubscriberId = to.Id,
            To = to.Email,
            ToName = to.Name,
            Template = template,
            Values = values,
            ExpiresAt = expires,
        };
}
