using Microsoft.Extensions.Options;
using Newsletter.Contracts;
using Newsletter.Defaults.Hosting;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Whom mail comes from: the newsletter's sender, the publication's, or until their domain is verified one under the installation's domain.</summary>
internal sealed class MailSenders(IOptions<MailOptions> mail, IOptions<NewsletterOptions> installation)
{
    public string Domain => mail.Value.Domain ?? new Uri(installation.Value.Url).Host;

    /// <param name="provider">Who carries the letter: a domain may be set up for one provider and not for the other.</param>
    public LetterSender Of(PublicationMail mail, PublicationSnapshot publication, Guid? newsletter, string provider)
    {
        if (mail.SenderFor(newsletter, provider) is { } own) return new(own.From, ReplyTo(own.ReplyTo ?? publication.ReplyTo), own.Dkim);
        var (from, replyTo) = DefaultOf(publication);
        return new(from, replyTo, null);
    }

    public (MailAddress From, MailAddress? ReplyTo) DefaultOf(PublicationSnapshot publication) => (
        new($"{publication.Slug}@{Domain}", publication.SenderName.Length > 0 ? publication.SenderName : publication.Name), ReplyTo(publication.ReplyTo));

    private static MailAddress? ReplyTo(string? address) => string.IsNullOrEmpty(address) ? null : new(address);

    /// <summary>For mail of the installation itself, to its staff.</summary>
    public MailAddress Installation => new($"newsletter@{Domain}", "Newsletter");

    public TransactionalFrame InstallationFrame => new("Newsletter", installation.Value.Url, "#1a4fa3", "en", "");
}

/// <param name="Dkim">The key of the address's domain, where we sign.</param>
internal sealed record LetterSender(MailAddress From, MailAddress? ReplyTo, DkimSigning? Dkim);
