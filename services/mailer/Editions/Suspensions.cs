using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Copies;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

/// <summary>
/// Editions of a suspended publication stand still; when that is lifted they go on, with the time that they had left. What staff have paused stays paused.
/// It compares what is with what should be, so it may run at any time, and again.
/// </summary>
internal static class Suspensions
{
    private const string Reason = "suspended";

    /// <summary>Saved by the caller.</summary>
    public static async Task ApplyAsync(MailerDb db, PublicationCopy publication, TimeProvider time, CancellationToken cancellation)
    {
        var suspended = publication.Snapshot.Suspended;
        var editions = await Open(db).Where(e => e.PublicationId == publication.Id)
            .Where(e => suspended ? e.PausedAt == null : e.PauseReason == Reason).ToListAsync(cancellation);
        foreach (var edition in editions)
        {
            if (suspended) edition.Pause(Reason, time);
            else edition.Resume(time);
        }
    }

    /// <summary>For what came into being while its publication was suspended, or at the moment when that was lifted.</summary>
    public static async Task ApplyToNewAsync(MailerDb db, TimeProvider time, CancellationToken cancellation)
    {
        var looked = Open(db).Where(e => e.PauseReason == Reason || (e.State == EditionState.Preparing && e.PausedAt == null));
        var publications = await db.Set<PublicationCopy>().AsNoTracking()
            .Where(p => !p.Deleted && looked.Any(e => e.PublicationId == p.Id)).ToListAsync(cancellation);
        foreach (var publication in publications) await ApplyAsync(db, publication, time, cancellation);
        await db.SaveChangesAsync(cancellation);
    }

    private static IQueryable<Edition> Open(MailerDb db) =>
        db.Editions.Where(e => e.State == EditionState.Preparing || e.State == EditionState.Sending);
}
