using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Letters;

/// <summary>Opens an edition's variants for writing, with the posts as they are now.</summary>
internal sealed class VariantBooks(SecretKeys keys, TimeProvider time)
{
    /// <summary>Null when the edition has nothing left to show.</summary>
    public async Task<VariantBook?> OpenAsync(MailerDb db, Edition edition, CancellationToken cancellation)
    {
        var posts = await PostsAsync(db, edition.PostIds, cancellation);
        if (posts.Count == 0 || await PressAsync(db, edition, posts, cancellation) is not { } press) return null;
        var known = await db.Variants.AsNoTracking().Where(v => v.EditionId == edition.Id).ToListAsync(cancellation);
        return new(db, edition, posts, press, known, time);
    }

    /// <summary>Takes an unpublished post out of what is not sent yet; saved by the caller.</summary>
    public async Task DropAsync(MailerDb db, Edition edition, Guid postId, CancellationToken cancellation)
    {
        edition.Drop(postId, time);
        foreach (var variant in await db.Variants.Where(v => v.EditionId == edition.Id).ToListAsync(cancellation)) variant.Drop(postId);
    }

    /// <summary>Those of the posts that are published now, in the order of the list.</summary>
    public static async Task<List<PostSnapshot>> PostsAsync(MailerDb db, IReadOnlyList<Guid> ids, CancellationToken cancellation)
    {
        var copies = await db.Posts.AsNoTracking().Where(p => ids.Contains(p.Id) && p.Published).ToListAsync(cancellation);
        return [.. copies.Select(c => c.Snapshot).OrderBy(p => ids.ToList().IndexOf(p.Id))];
    }

    private async Task<LetterPress?> PressAsync(MailerDb db, Edition edition, IReadOnlyList<PostSnapshot> posts, CancellationToken cancellation)
    {
        if (await db.FindPublicationAsync(edition.PublicationId, cancellation) is not { } publication) return null;
        if (publication.Newsletters.FirstOrDefault(n => n.Id == edition.NewsletterId) is not { } newsletter) return null;
        var codes = new TrackingCodes(await keys.GetAsync(SecretKeys.Tracking, cancellation));
        return new(edition, codes.Frame(publication, newsletter, edition.Id), posts.ToDictionary(p => p.Id));
    }
}
