using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Contracts;
using Newsletter.Defaults.Hosting;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Whom mail comes from: the newsletter's verified sender, the publication's, or one under the installation's domain.</summary>
internal sealed class MailSenders(IOptions<MailOptions> mail, IOptions<NewsletterOptions> installation)
{
    public string Domain => mail.Value.Domain ?? new Uri(installation.Value.Url).Host;

    public async Task<(MailAddress From, MailAddress? ReplyTo)> OfAsync(MailerDb db, PublicationSnapshot publication, Guid? newsletter, CancellationToken cancellation)
    {
        var senders = await db.Senders.AsNoTracking()
            .Where(s => s.PublicationId == publication.Id && s.VerifiedAt != null && (s.NewsletterId == null || s.NewsletterId == newsletter))
            .ToListAsync(cancellation);
        var sender = senders.Find(s => s.NewsletterId is not null) ?? senders.FirstOrDefault();
        if (sender is null) return DefaultOf(publication);
        return (new(sender.Address, sender.Name), ReplyTo(sender.ReplyTo ?? publication.ReplyTo));
    }

    public (MailAddress From, MailAddress? ReplyTo) DefaultOf(PublicationSnapshot publication) => (
        new($"{publication.Slug}@{Domain}", publication.SenderName.Length > 0 ? publication.SenderName : publication.Name), ReplyTo(publication.ReplyTo));

    private static MailAddress? ReplyTo(string? address) => string.IsNullOrEmpty(address) ? null : new(address);

    /// <summary>For mail of the installation itself, to its staff.</summary>
    public MailAddress Installation => new($"newsletter@{Domain}", "Newsletter");

    public TransactionalFrame InstallationFrame => new("Newsletter", installation.Value.Url, "#1a4fa3", "en", "");
}
