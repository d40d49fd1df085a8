using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Webhooks;

/// <summary>An event and what it is about. Without an edition it is about a transactional mail.</summary>
internal sealed record LetterEvent(MailEvent Event, Guid Publication, Guid? Edition, Guid? Subscriber);

/// <summary>Finds what events are about; those of nobody's mail, or of another publication's, are left out.</summary>
internal sealed class EventResolver(MailerDb db, SecretKeys keys)
{
    /// <summary>Servers give up on a letter after five days at most, as a rule.</summary>
    private static readonly TimeSpan LateBounce = TimeSpan.FromDays(7);

    /// <param name="scope">The one publication that their account may tell of; null for all.</param>
    public async Task<List<LetterEvent>> ResolveAsync(List<MailEvent> events, Guid? scope, CancellationToken cancellation)
    {
        List<LetterEvent> letters = new(events.Count);
        var editionIds = events.Select(e => e.Edition).OfType<Guid>().Distinct().ToList();
        var editions = await db.Editions.AsNoTracking().Where(e => editionIds.Contains(e.Id) && (scope == null || e.PublicationId == scope)).ToDictionaryAsync(e => e.Id, e => e.PublicationId, cancellation);
        var mailIds = events.Select(e => e.Mail).OfType<Guid>().Distinct().ToList();
        var mails = await db.TransactionalMails.AsNoTracking().Where(m => mailIds.Contains(m.Id) && m.PublicationId != null && (scope == null || m.PublicationId == scope))
            .ToDictionaryAsync(m => m.Id, m => (Publication: m.PublicationId!.Value, m.SubscriberId), cancellation);
        foreach (var told in events)
        {
            if (told is { Edition: { } edition, Subscriber: { } subscriber })
            {
                if (editions.TryGetValue(edition, out var publication) && (told.Publication is null || told.Publication == publication))
                    letters.Add(new(told, publication, edition, subscriber));
            }
            else if (told.Mail is { } mail)
            {
                if (mails.TryGetValue(mail, out var sent) && (told.Publication is null || told.Publication == sent.Publication))
                    letters.Add(new(told, sent.Publication, null, sent.SubscriberId));
            }
            else if (told is { Kind: EventKind.Bounce or EventKind.Blocked, Edition: null, Email.Length: > 0 })
            {
                letters.AddRange(await ByAddressAsync(told, scope, cancellation));
            }
        }
        return letters;
    }

    /// <summary>A bounce that comes long after the letter may have lost all but its address: it is about the last letter that had gone there by then.</summary>
    private async Task<IEnumerable<LetterEvent>> ByAddressAsync(MailEvent told, Guid? scope, CancellationToken cancellation)
    {
        var hash = (await keys.AddressHasherAsync(cancellation)).Hash(told.Email.Trim().ToLowerInvariant());
        var (from, until) = (told.At - LateBounce, told.At + MailEvent.ClocksApart);
        var last = await db.Recipients.AsNoTracking()
            .Where(r => r.AddressHash == hash && !r.Deleted && (scope == null || r.PublicationId == scope) && (told.Publication == null || r.PublicationId == told.Publication))
            .Join(db.Deliveries, r => r.Id, d => d.SubscriberId, (r, d) => d)
            .Where(d => d.State == DeliveryState.Accepted || d.State == DeliveryState.Delivered)
            .Where(d => (d.AcceptedAt ?? d.DeliveredAt) > from && (d.AcceptedAt ?? d.DeliveredAt) < until)
            .OrderByDescending(d => d.EditionId).FirstOrDefaultAsync(cancellation);
        return last is null ? [] : [new(told, last.PublicationId, last.EditionId, last.SubscriberId)];
    }
}
