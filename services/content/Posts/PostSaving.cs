using Newsletter.Content.Publications;
using Newsletter.Content.Search;
using Newsletter.Content.Storage;
using Newsletter.Contracts;

namespace Newsletter.Content.Posts;

internal static class PostSaving
{
    /// <summary>Saves a changed post with its event and its place in search.</summary>
    /// <param name="by">Who changed it.</param>
    /// <param name="tell">It is published, or was until this change.</param>
    public static async Task SavePostAsync(
        this ContentDb db, Post post, KnownPublication publication, Guid? by, bool tell, PostCache cache, TimeProvider time, CancellationToken cancellation)
    {
        post.Stamp(by, time);
        if (tell)
        {
            await SearchIndex.PutAsync(db, post, publication, cancellation);
            db.Publish(new PostChanged(post.Snapshot(publication.BaseUrl)));
        }
        await db.SaveChangesAsync(cancellation);
        cache.Forget(post);
    }

    /// <summary>The newsletter that mails the post: the one asked for, the post's own, or the publication's first.</summary>
    public static NewsletterSnapshot? NewsletterFor(KnownPublication publication, string? asked, string? own)
    {
        var letters = publication.Snapshot.Newsletters.Where(n => n.Kind == NewsletterKind.Posts);
        return (asked ?? own) is { } slug ? letters.FirstOrDefault(n => n.Slug == slug) : letters.FirstOrDefault();
    }
}
