using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Gates;
using Newsletter.Content.Pages;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;
using Newsletter.Defaults.Problems;

namespace Newsletter.Content.Posts;

/// <summary>A post as it would be, were it published now. Nothing is saved.</summary>
/// <param name="Html">The whole page, for a frame with <c>sandbox</c>: its addresses are absolute, and it has no script.</param>
/// <param name="Post">What the mailer's <c>letters/preview</c> and <c>letters/test</c> take.</param>
/// <param name="Warnings">What its author may want to mend, as text.</param>
internal sealed record PostPreview(string Html, PostSnapshot Post, GateAnswer Gate, int Minutes, int Words, IReadOnlyList<string> Warnings);

internal static class PreviewEndpoint
{
    public static void MapPostPreview(this WebApplication app) =>
        app.MapPublication<ContentDb>("/api/v1/publications/{p}/posts").WithTags("Posts")
            .MapPost("/preview", PreviewAsync).ForStaff(Permission.PostsRead).WithMetadata(new LargestBodyMetadata(WriteEndpoints.LargestBody)).ChangesNothing();

    /// <param name="level">Shorthand for <paramref name="as"/>: <c>public</c>, <c>subscribers</c> or <c>paid</c>.</param>
    /// <param name="as"><c>anonymous</c>, <c>subscriber</c> or <c>member</c> (of the post's tiers, where it names any).</param>
    private static async Task<Results<Ok<PostPreview>, ValidationProblem, ProblemHttpResult>> PreviewAsync(
        PostRequest request, KnownPublication publication, ContentDb db, PageRenderer pages, TimeProvider time, HttpResponse response,
        CancellationToken cancellation, string? level = null, string? @as = null)
    {
        if (LevelOf(level, @as) is not { } reads) return Problem.BadRequest("A reader is anonymous, subscriber or member; a level is public, subscribers or paid.");
        var slug = request.Slug ?? WriteEndpoints.SlugOf(request.Title);
        var post = Post.Create(publication.Snapshot.Id, Slugs.IsSlug(slug) ? slug : "preview", time);
        if (WriteEndpoints.Write(post, request, publication) is { } wrong) return wrong;
        var now = time.GetUtcNow();
        post.Stamp(null, time);
        post.Publish(PostSaving.NewsletterFor(publication, null, post.Newsletter)?.Id, inRoundup: true, await ShownAsync(db, post, cancellation), now);

        // The meter is left out: one who comes for the first time would be let in, and what is looked for here is the gate.
        var gate = Gate.Decide(GateKeeper.FactsOf(post), ReaderOf(reads, post), publication.Gate with { MeterPerMonth = null }, now);
        var html = await pages.RenderAsync<PostPage>(new()
        {
            ["Site"] = SiteView.Of(publication, new Viewer(reads != Access.Public, null, reads == Access.Paid), now),
            ["Post"] = post,
            ["Gate"] = gate,
            ["PreviewOrigin"] = new Uri(publication.BaseUrl).GetLeftPart(UriPartial.Authority),
        });
        response.Headers.CacheControl = "private, no-store";
        return TypedResults.Ok(new PostPreview(
            System.Text.Encoding.UTF8.GetString(html), post.Snapshot(publication.BaseUrl), new(gate.Decision, gate.Reason, gate.Asks, null),
            post.Minutes, post.Rendering.Words, PostWarnings.Of(post, publication)));
    }

    /// <summary>The date that readers see stays what it is when a published post is changed.</summary>
    private static Task<DateTimeOffset?> ShownAsync(ContentDb db, Post post, CancellationToken cancellation) =>
        db.Posts.Where(p => p.PublicationId == post.PublicationId && p.Slug == post.Slug).Select(p => p.PublishedAt).FirstOrDefaultAsync(cancellation);

    private static Access? LevelOf(string? level, string? reader) => (reader, level) switch
    {
        ("anonymous", _) or (null, null or "public") => Access.Public,
        ("subscriber", _) or (null, "subscribers") => Access.Subscribers,
        ("member", _) or (null, "paid") => Access.Paid,
        _ => null,
    };

    private static ReaderFacts ReaderOf(Access level, Post post) => level switch
    {
        Access.Public => ReaderFacts.Anonymous,
        Access.Subscribers => new(IsKnown: true, IsConfirmed: true),
        _ => new(IsKnown: true, IsConfirmed: true, Tiers: post.Tiers.Count > 0 ? post.Tiers : ["member"]),
    };
}
