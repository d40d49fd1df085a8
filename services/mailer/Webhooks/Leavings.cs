using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Webhooks;

/// <summary>Consents are subscriber's: who left by a provider's way is told to it. Saved by the caller.</summary>
internal static class Leavings
{
    public static async Task TellAsync(MailerDb db, List<LetterEvent> letters, TimeProvider time, CancellationToken cancellation)
    {
        var left = letters.FindAll(l => l is { Event.Kind: EventKind.Unsubscribe, Subscriber: not null });
        if (left.Count == 0) return;
        var editions = left.Select(l => l.Edition).OfType<Guid>().Distinct().ToList();
        var newsletters = await db.Editions.Where(e => editions.Contains(e.Id)).ToDictionaryAsync(e => e.Id, e => e.NewsletterId, cancellation);
        foreach (var letter in left)
        {
            Guid? newsletter = letter.Edition is { } edition && !letter.Event.IsOfAll ? newsletters[edition] : null;
            db.Publish(new EndConsent(Guid.CreateVersion7(time.GetUtcNow()), letter.Publication, letter.Subscriber!.Value, newsletter));
        }
    }
}
