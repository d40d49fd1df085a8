using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Letters;

/// <summary>A post that need not be saved, as the letter that would be mailed.</summary>
internal static class ProofEndpoints
{
    /// <summary>Three cuts of the longest post that content takes.</summary>
    private const int LargestBody = 10 << 20;
    private const int MostCuts = 3;
    private const int MostEntries = 500;
    private const int LongestTitle = 300;

    public static void MapProofs(this RouteGroupBuilder api)
    {
        api.MapPost("/letters/preview", Preview).ForStaff(Permission.PostsRead).WithMetadata(new RequestSizeLimitAttribute(LargestBody)).ChangesNothing();
        api.MapPost("/letters/test", TestAsync).ForStaff(Permission.EditionsWrite).ClosedWhileSuspended().WithMetadata(new RequestSizeLimitAttribute(LargestBody));
    }

    private static Results<Ok<LetterPreview>, ValidationProblem, ProblemHttpResult> Preview(LetterPreviewRequest request, CurrentPublication publication, HttpResponse response)
    {
        if (request.Level is not (Access.Subscribers or Access.Paid)) return Problem.Field("level", "Letters go to subscribers, and to paid members.");
        if (Fault(request.Post) is { } fault) return fault;
        if (Proofs.Print(publication.Snapshot, OwnOf(request.Post, publication), request.Level) is not { } letter)
            return Problem.Conflict("The post has nothing to show, or the publication has no newsletter of posts.");
        response.Headers.CacheControl = "private, no-store";
        var nobody = new Dictionary<string, string> { [Placeholder.Reader] = "", [Placeholder.Unsubscribe] = "test" };
        return TypedResults.Ok(new LetterPreview(letter.Subject, Placeholder.Fill(letter.Html, nobody), Placeholder.Fill(letter.Text, nobody)));
    }

    private static async Task<Results<Accepted, ValidationProblem, ProblemHttpResult>> TestAsync(
        LetterTestRequest request, CurrentPublication publication, Proofs proofs, CancellationToken cancellation) =>
        (Fault(request.Post) ?? Proofs.FaultOf(request.To)) is { } fault ? fault : await proofs.SendAsync(publication.Snapshot, OwnOf(request.Post, publication), request.To, cancellation);

    private static ValidationProblem? Fault(PostSnapshot post)
    {
        if (string.IsNullOrWhiteSpace(post.Title) || post.Title.Length > LongestTitle) return Problem.Field("post", $"A title has 1 to {LongestTitle} characters.");
        if (post.Cuts.Count is 0 or > MostCuts) return Problem.Field("post", $"A post has 1 to {MostCuts} cuts.");
        return post.Entries.Count > MostEntries ? Problem.Field("post", $"A digest has at most {MostEntries} entries.") : null;
    }

    /// <summary>It was not content that told us of it: addresses on its pages are made here, and others are web addresses or none.</summary>
    private static PostSnapshot OwnOf(PostSnapshot post, CurrentPublication publication)
    {
        var url = $"{publication.BaseUrl}/posts/{Uri.EscapeDataString(post.Slug)}";
        return post with
        {
            PublicationId = publication.Id,
            Url = url,
            Entries = [.. post.Entries.Select(e => e with { Url = e.Url.StartsWith(url + "#", StringComparison.Ordinal) ? e.Url : url })],
        };
    }
}

internal sealed record LetterPreview(string Subject, string Html, string Text);

public sealed record LetterPreviewRequest
{
    /// <summary>As content's <c>posts/preview</c> answers it.</summary>
    [Required]
    public required PostSnapshot Post { get; init; }

    public Access Level { get; init; } = Access.Subscribers;
}

public sealed record LetterTestRequest
{
    [Required]
    public required PostSnapshot Post { get; init; }

    [Required, EmailAddress, StringLength(254)]
    public string To { get; init; } = "";
}
