using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

/// <summary>
/// Keeps the posts. One that was just published for a newsletter becomes an edition, once (unique by newsletter and post);
/// one that was unpublished is dropped from what is not sent yet.
/// </summary>
internal sealed class PostConsumer(MailerDb db, TimeProvider time, EditionWorker worker, VariantBooks books)
    : CopyConsumer<MailerDb, PostChanged, PostSnapshot, PostCopy>(db)
{
    protected override IReadOnlyList<PostSnapshot> SnapshotsOf(PostChanged changed) => [changed.Post];

    protected override async Task FollowAsync(IReadOnlyList<PostCopy> changed, CancellationToken cancellation)
    {
        foreach (var copy in changed)
        {
            if (copy.Published) await MailAsync(copy, cancellation);
            else await DropAsync(copy, cancellation);
        }
        // When they are saved: woken now, it would see nothing, and look again only at its next poll.
        Db.SavedChanges += (_, _) => worker.Wake();
    }

    private async Task MailAsync(PostCopy copy, CancellationToken cancellation)
    {
        var post = copy.Snapshot;
        // Copies that are filled again from the start (a resync, a new database) must not mail the archive.
        if (post.NewsletterId is not { } newsletter || post.FirstPublishedAt is not { } first || first < time.GetUtcNow() - Edition.Patience) return;
        if (await Db.Editions.AnyAsync(e => e.NewsletterId == newsletter && e.PostId == post.Id, cancellation)) return;
        Db.Add(Edition.OfPost(copy.PublicationId, newsletter, post, time));
    }

    private async Task DropAsync(PostCopy copy, CancellationToken cancellation)
    {
        foreach (var edition in await Db.Editions.Where(e => e.PostId == copy.Id).ToListAsync(cancellation)) edition.Cancel(time);
        var open = await Db.Editions
            .Where(e => e.PublicationId == copy.PublicationId && e.Kind == EditionKind.Roundup && (e.State == EditionState.Preparing || e.State == EditionState.Sending))
            .ToListAsync(cancellation);
        foreach (var edition in open.Where(e => e.PostIds.Contains(copy.Id))) await books.DropAsync(Db, edition, copy.Id, cancellation);
    }
}
