using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Content.Publications;
using Newsletter.Content.Storage;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;

namespace Newsletter.Content.Posts;

internal static class PublishEndpoints
{
    private static readonly TimeSpan FarthestAhead = TimeSpan.FromDays(730);

    public static void MapPublishing(this WebApplication app)
    {
        var post = app.MapPublication<ContentDb>("/api/v1/publications/{p}/posts/{slug}").WithTags("Posts");
        post.MapPost("/publish", PublishAsync).ForStaff(Permission.PostsPublish).ClosedWhileSuspended().AgainWhenOvertaken();
        post.MapPost("/unpublish", UnpublishAsync).ForStaff(Permission.PostsPublish).AgainWhenOvertaken();
        post.MapPost("/schedule", ScheduleAsync).ForStaff(Permission.PostsPublish).ClosedWhileSuspended().AgainWhenOvertaken();
    }

    /// <summary>Publishing what is published changes nothing, so a client may repeat it.</summary>
    private static async Task<Results<Ok<PostSource>, ValidationProblem, ProblemHttpResult>> PublishAsync(
        string slug, PublishRequest? request, Caller caller, KnownPublication publication, ContentDb db, PostCache cache, TimeProvider time,
        HttpRequest http, HttpResponse response, CancellationToken cancellation)
    {
        request ??= new();
        if (await WriteEndpoints.FindAsync(db, publication, slug, cancellation) is not { } post) return WriteEndpoints.NoSuchPost();
        if (WriteEndpoints.Refusal(post, caller, http) is { } refusal) return refusal;
        if (post.State == PostState.Published) return TypedResults.Ok(WriteEndpoints.Answer(post, publication, response));
        var now = time.GetUtcNow();
        if (request.PublishedAt > now) return Problem.Field("publishedAt", "This lies in the future; schedule the post instead.");
        var newsletter = PostSaving.NewsletterFor(publication, request.Newsletter, post.Newsletter);
        if (newsletter is null && request.Mail) return Problem.Field("newsletter", "There is no newsletter of posts with this slug.");
        post.Publish(request.Mail ? newsletter!.Id : null, request.Roundup, request.PublishedAt, now);
        await db.SavePostAsync(post, publication, caller.Subject, tell: true, cache, time, cancellation);
        return TypedResults.Ok(WriteEndpoints.Answer(post, publication, response));
    }

    private static async Task<Results<Ok<PostSource>, ProblemHttpResult>> UnpublishAsync(
        string slug, Caller caller, KnownPublication publication, ContentDb db, PostCache cache, TimeProvider time,
        HttpRequest http, HttpResponse response, CancellationToken cancellation)
    {
        if (await WriteEndpoints.FindAsync(db, publication, slug, cancellation) is not { } post) return WriteEndpoints.NoSuchPost();
        if (WriteEndpoints.Refusal(post, caller, http) is { } refusal) return refusal;
        if (post.State != PostState.Draft)
        {
            var wasPublished = post.State == PostState.Published;
            post.Withdraw();
            await db.SavePostAsync(post, publication, caller.Subject, tell: wasPublished, cache, time, cancellation);
        }
        return TypedResults.Ok(WriteEndpoints.Answer(post, publication, response));
    }

    private static async Task<Results<Ok<PostSource>, ValidationProblem, ProblemHttpResult>> ScheduleAsync(
        string slug, ScheduleRequestOfPost request, Caller caller, KnownPublication publication, ContentDb db, PostCache cache, TimeProvider time,
        HttpRequest http, HttpResponse response, CancellationToken cancellation)
    {
        if (await WriteEndpoints.FindAsync(db, publication, slug, cancellation) is not { } post) return WriteEndpoints.NoSuchPost();
        if (WriteEndpoints.Refusal(post, caller, http) is { } refusal) return refusal;
        if (post.State == PostState.Published) return Problem.Conflict("The post is published already.");
        var now = time.GetUtcNow();
        if (request.At <= now || request.At > now + FarthestAhead) return Problem.Field("at", "This is not within the next two years.");
        var newsletter = PostSaving.NewsletterFor(publication, request.Newsletter, post.Newsletter);
        if (newsletter is null && request.Mail) return Problem.Field("newsletter", "There is no newsletter of posts with this slug.");
        post.Schedule(request.At, request.Mail ? newsletter!.Id : null, request.Roundup);
        await db.SavePostAsync(post, publication, caller.Subject, tell: false, cache, time, cancellation);
        return TypedResults.Ok(WriteEndpoints.Answer(post, publication, response));
    }
}
