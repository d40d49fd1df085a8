using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Senders;

/// <summary>Makes the row of a from-domain, with a key pair of its own.</summary>
internal sealed class SenderDomains(AccountVault vault, TimeProvider time)
{
    public const int Most = 20;

    /// <summary>Not saved yet. Null where the publication has as many as it may.</summary>
    public async Task<SenderDomain?> FindOrAddAsync(MailerDb db, Guid publication, string domain, CancellationToken cancellation)
    {
        if (await db.SenderDomains.SingleOrDefaultAsync(d => d.PublicationId == publication && d.Domain == domain, cancellation) is { } known) return known;
        if (await db.SenderDomains.CountAsync(d => d.PublicationId == publication, cancellation) >= Most) return null;
        var (publicKey, privateKey) = DomainRecords.MakeKey();
        var made = SenderDomain.Of(publication, domain, publicKey, vault.LockKey(privateKey), time);
        db.Add(made);
        return made;
    }
}
