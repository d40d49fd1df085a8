using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Net.Http.Headers;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Content.Texts;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Posts;

internal static class WriteEndpoints
{
    internal const int LargestBody = 2 << 20;

    public static void MapPostWriting(this WebApplication app)
    {
        var posts = app.MapPublication<ContentDb>("/api/v1/publications/{p}/posts").WithTags("Posts");
        posts.MapPost("", CreateAsync).ForStaff(Permission.PostsWrite).WithMetadata(new LargestBodyMetadata(LargestBody));
        posts.MapPut("/{slug}", ReplaceAsync).ForStaff(Permission.PostsWrite).WithMetadata(new LargestBodyMetadata(LargestBody)).AgainWhenOvertaken();
        posts.MapDelete("/{slug}", DeleteAsync).ForStaff(Permission.PostsWrite).AgainWhenOvertaken();
        posts.MapGet("/{slug}/source", SourceAsync).ForStaff(Permission.PostsRead);
    }

    private static async Task<Results<Created<PostSource>, ValidationProblem, ProblemHttpResult>> CreateAsync(
        PostRequest request, Caller caller, KnownPublication publication, ContentDb db, PostCache cache, TimeProvider time, HttpResponse response,
        CancellationToken cancellation)
    {
        var slug = request.Slug ?? SlugOf(request.Title);
        if (!Slugs.IsSlug(slug)) return Problem.Field("slug", "A slug cannot be made of this title; give one.");
        var post = Post.Create(publication.Snapshot.Id, slug, time);
        if (Write(post, request, publication) is { } wrong) return wrong;
        db.Add(post);
        try
        {
            await db.SavePostAsync(post, publication, caller.Subject, tell: false, cache, time, cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return Problem.Conflict("There is a post with this slug.");
        }
        return TypedResults.Created($"/api/v1/publications/{publication.Snapshot.Slug}/posts/{slug}", Answer(post, publication, response));
    }

    private static async Task<Results<Ok<PostSource>, ValidationProblem, ProblemHttpResult>> ReplaceAsync(
        string slug, PostRequest request, Caller caller, KnownPublication publication, ContentDb db, PostCache cache, TimeProvider time,
        HttpRequest http, HttpResponse response, CancellationToken cancellation)
    {
        if (await FindAsync(db, publication, slug, cancellation) is not { } post) return NoSuchPost();
        if (Refusal(post, caller, http) is { } refusal) return refusal;
        if (request.Version is { } version && version != post.Version) return Overtaken(post, StatusCodes.Status409Conflict);
        var moved = request.Slug ?? post.Slug;
        if (!post.MayMoveTo(moved)) return Problem.Conflict("The address of a post that was published does not change.");
        cache.Forget(post);
        post.MoveTo(moved);
        if (Write(post, request, publication) is { } wrong) return wrong;
        try
        {
            await db.SavePostAsync(post, publication, caller.Subject, tell: post.State == PostState.Published, cache, time, cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return Problem.Conflict("There is a post with this slug.");
        }
        return TypedResults.Ok(Answer(post, publication, response));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string slug, Caller caller, KnownPublication publication, ContentDb db, PostCache cache, TimeProvider time, HttpRequest http, CancellationToken cancellation)
    {
        if (await FindAsync(db, publication, slug, cancellation) is not { } post) return NoSuchPost();
        if (Refusal(post, caller, http) is { } refusal) return refusal;
        post.Stamp(caller.Subject, time);
        db.Remove(post);
        db.RemoveRange(await db.SearchDocuments.Where(d => d.PostId == post.Id).ToListAsync(cancellation));
        db.RemoveRange(await db.PostTopics.Where(t => t.PostId == post.Id).ToListAsync(cancellation));
        if (post.FirstPublishedAt is not null) db.Publish(new PostChanged(Tombstone(post)));
        await db.SaveChangesAsync(cancellation);
        cache.Forget(post);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<PostSource>, ProblemHttpResult>> SourceAsync(
        string slug, KnownPublication publication, ContentDb db, HttpResponse response, CancellationToken cancellation) =>
        await FindAsync(db, publication, slug, cancellation) is { } post ? TypedResults.Ok(Answer(post, publication, response)) : NoSuchPost();

    internal static Task<Post?> FindAsync(ContentDb db, KnownPublication publication, string slug, CancellationToken cancellation) =>
        db.Posts.SingleOrDefaultAsync(p => p.PublicationId == publication.Snapshot.Id && p.Slug == slug, cancellation);

    internal static ProblemHttpResult NoSuchPost() => Problem.NotFound("There is no such post.");

    internal static PostSource Answer(Post post, KnownPublication publication, HttpResponse response)
    {
        response.Headers.ETag = ETagOf(post);
        return PostSource.Of(post, publication.BaseUrl);
    }

    /// <summary>What readers see, or will see when its time has come, is for those who may publish; and nobody overwrites what they have not seen.</summary>
    internal static ProblemHttpResult? Refusal(Post post, Caller caller, HttpRequest http)
    {
        if (post.State != PostState.Draft && !caller.May(Permission.PostsPublish)) return Problem.Forbidden("A scheduled or published post is changed by those who may publish.");
        var expected = http.Headers[HeaderNames.IfMatch].ToString();
        return expected.Length > 0 && expected != "*" && !expected.Split(',', StringSplitOptions.TrimEntries).Contains(ETagOf(post))
            ? Overtaken(post, StatusCodes.Status412PreconditionFailed)
            : null;
    }

    /// <summary>Says what is stored now, so that an editor can show who was faster.</summary>
    private static ProblemHttpResult Overtaken(Post post, int status) => TypedResults.Problem(
        "Somebody else changed this post; read it again.", statusCode: status,
        extensions: new Dictionary<string, object?> { ["version"] = post.Version, ["updatedAt"] = post.UpdatedAt, ["updatedBy"] = post.UpdatedBy });

    private static string ETagOf(Post post) => $"\"{post.Version}\"";

    private static PostSnapshot Tombstone(Post post) => new() { Id = post.Id, PublicationId = post.PublicationId, Version = post.Version, Deleted = true, Slug = post.Slug };

    internal static ValidationProblem? Write(Post post, PostRequest request, KnownPublication publication)
    {
        if (request.Newsletter is not null && PostSaving.NewsletterFor(publication, request.Newsletter, null) is null)
            return Problem.Field("newsletter", "There is no newsletter of posts with this slug.");
        if (request.Tiers.Count > 0 && request.Access != Access.Paid) return Problem.Field("tiers", "Only paid posts name tiers.");
        if (request.Entries.Count > 0 && request.Kind != PostKind.Digest) return Problem.Field("entries", "Only digests have entries.");
        try
        {
            post.Write(request.ToText(), Post.UrlOf(publication.BaseUrl, post.Slug));
            return null;
        }
        catch (TextException e)
        {
            return Problem.Field("body", e.Message);
        }
    }

    internal static string SlugOf(string title)
    {
        var words = Search.Folded.Text(title).Where(c => c == ' ' || char.IsAsciiLetterOrDigit(c)).ToArray();
        var slug = new string(words).Replace(' ', '-').Trim('-');
        return slug.Length <= 80 ? slug : slug[..80].Trim('-');
    }
}

/// <summary>Digests are longer than what the installation lets in elsewhere.</summary>
internal sealed record LargestBodyMetadata(long? MaxRequestBodySize) : Microsoft.AspNetCore.Http.Metadata.IRequestSizeLimitMetadata;
