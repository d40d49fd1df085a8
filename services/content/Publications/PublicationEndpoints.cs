using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Content.Posts;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Hosting;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;

namespace Newsletter.Content.Publications;

internal static class PublicationEndpoints
{
    public static void MapPublications(this WebApplication app)
    {
        var all = app.MapGroup("/api/v1/publications").WithTags("Publications");
        all.MapPost("", CreateAsync).ForStaff(Permission.Operate).AuditedIn<ContentDb>();
        all.MapGet("", ListAsync).ForStaff(Permission.Operate);

        var one = app.MapPublication<ContentDb>("/api/v1/publications/{p}").WithTags("Publications");
        one.MapGet("", GetAsync).ForAnyone();
        one.MapPatch("", ChangeAsync).ForStaff(Permission.PublicationWrite).AgainWhenOvertaken();

        app.MapGet("/internal/publications", HostsAsync).ForServices();
    }

    private static async Task<Results<Created<PublicationAnswer>, ValidationProblem, ProblemHttpResult>> CreateAsync(
        PublicationRequest request, Caller caller, ContentDb db, IOptions<NewsletterOptions> options, TimeProvider time, CancellationToken cancellation)
    {
        if (request.Name is null) return Problem.Field("name", "A name is needed.");
        if (Slugs.IsReserved(request.Slug)) return Problem.Field("slug", "This slug is reserved.");
        var publication = Publication.Create(request.Slug, request.Name, caller.Subject, time);
        publication.MoveTo(null, options.Value.BaseUrlOf(request.Slug));
        if (WrongIn(request, options.Value) is { } wrong) return wrong;
        Apply(request, publication, options.Value);
        db.Add(publication);
        db.Publish(publication.Changed(time));
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return Problem.Conflict("There is a publication with this slug or domain.");
        }
        return TypedResults.Created($"/api/v1/publications/{publication.Slug}", Answer(publication));
    }

    /// <summary>Newest first.</summary>
    private static async Task<ListPage<PublicationAnswer>> ListAsync(ContentDb db, CancellationToken cancellation, string? cursor = null, int limit = 50)
    {
        var before = Cursor.Read(cursor) is { } last && Guid.TryParse(last, out var id) ? id : Guid.AllBitsSet;
        var size = Math.Clamp(limit, 1, 100);
        var found = await db.Publications.AsNoTracking().Where(p => p.Id < before).OrderByDescending(p => p.Id).Take(size + 1).ToListAsync(cancellation);
        var shown = found.Take(size).ToList();
        return new([.. shown.Select(Answer)], found.Count > size ? Cursor.Of(shown[^1].Id.ToString()) : null);
    }

    private static async Task<PublicationAnswer> GetAsync(CurrentPublication current, Caller? caller, ContentDb db, CancellationToken cancellation)
    {
        var publication = await db.Publications.AsNoTracking().SingleAsync(p => p.Id == current.Id, cancellation);
        return PublicationAnswer.Of(KnownPublication.Of(publication), publication.Domain, caller?.May(Permission.PublicationRead) == true);
    }

    private static async Task<Results<Ok<PublicationAnswer>, ValidationProblem, ProblemHttpResult>> ChangeAsync(
        PublicationChange request, CurrentPublication current, Caller caller, ContentDb db, PublicationCache cache, PostCache posts,
        DomainProof proof, IOptions<NewsletterOptions> options, TimeProvider time, CancellationToken cancellation)
    {
        if (request.Suspended is not null && !caller.May(Permission.Operate)) return Problem.Forbidden("Only operators suspend a publication.");
        var publication = await db.Publications.SingleAsync(p => p.Id == current.Id, cancellation);
        var baseUrl = publication.BaseUrl;
        if (WrongIn(request, options.Value) is { } wrong) return wrong;
        if (request.Domain is { Length: > 0 } domain && domain != publication.Domain && !caller.May(Permission.Operate))
        {
            switch (await proof.IsGivenAsync(domain, publication.Id, cancellation))
            {
                case null:
                    return Problem.Of(StatusCodes.Status503ServiceUnavailable, "The name servers do not answer; try again in a moment.");
                case false:
                    return Problem.Field("domain",
                        $"To show that this host is yours, write a TXT record {DomainProof.RecordOf(domain)} with the value {DomainProof.ValueOf(publication.Id)} into its DNS; then ask again.");
            }
        }
        Apply(request, publication, options.Value);
        if (db.ChangeTracker.HasChanges())
        {
            db.Publish(publication.Changed(time));
            try
            {
                await db.SaveChangesAsync(cancellation);
            }
            catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
            {
                return Problem.Conflict("Another publication has this domain.");
            }
            cache.Forget(publication.Slug);
            if (publication.BaseUrl != baseUrl) await PostMoves.RenderAgainAsync(db, KnownPublication.Of(publication), posts, time, cancellation);
        }
        return TypedResults.Ok(Answer(publication));
    }

    private static async Task<ListPage<PublicationHost>> HostsAsync(ContentDb db, CancellationToken cancellation)
    {
        var hosts = await db.Publications.AsNoTracking().OrderBy(p => p.Id).Select(p => new { p.Id, p.Slug, p.BaseUrl }).ToListAsync(cancellation);
        return new([.. hosts.Select(p => new PublicationHost(p.Id, p.Slug, p.BaseUrl, HostOf(p.BaseUrl)))], null);
    }

    private static string? HostOf(string baseUrl) => new Uri(baseUrl) is { AbsolutePath: "/" } own ? own.Host : null;

    private static PublicationAnswer Answer(Publication publication) => PublicationAnswer.Of(KnownPublication.Of(publication), publication.Domain, forStaff: true);

    private static ValidationProblem? WrongIn(PublicationChange request, NewsletterOptions options)
    {
        if (request.Gate is { EmbedOrigins: var origins } && !origins.All(IsOrigin)) return Problem.Field("gate.embedOrigins", "An origin is like https://blog.example.");
        if (request.Topics is { } topics && topics.DistinctBy(t => t.Slug).Count() != topics.Count) return Problem.Field("topics", "A topic is named twice.");
        if (request.Domain is { Length: > 0 } domain && IsOurs(domain, options)) return Problem.Field("domain", "This host is the installation's own.");
        return null;
    }

    private static void Apply(PublicationChange request, Publication publication, NewsletterOptions options)
    {
        if (request.Name is { } name) publication.Rename(name);
        publication.Tagline = request.Tagline ?? publication.Tagline;
        publication.Description = request.Description ?? publication.Description;
        publication.Language = request.Language ?? publication.Language;
        publication.TimeZone = request.TimeZone ?? publication.TimeZone;
        publication.PostalAddress = request.PostalAddress ?? publication.PostalAddress;
        publication.SenderName = request.SenderName ?? publication.SenderName;
        if (request.ReplyTo is { } reply) publication.ReplyTo = reply.Length > 0 ? reply : null;
        publication.AccentColour = request.AccentColor?.ToLowerInvariant() ?? publication.AccentColour;
        publication.Suspended = request.Suspended ?? publication.Suspended;
        publication.TrackingAllowed = request.TrackingAllowed ?? publication.TrackingAllowed;
        publication.Gate = request.Gate ?? publication.Gate;
        if (request.Topics is not null) publication.Topics = [.. request.Topics.Select(t => new TopicSnapshot(t.Slug, t.Name))];
        if (request.Domain is not null) publication.MoveTo(request.Domain.Length > 0 ? request.Domain : null, options.BaseUrlOf(publication.Slug));
    }

    private static bool IsOurs(string host, NewsletterOptions options) =>
        host == new Uri(options.Url).Host || options.PagesDomain is { } ours && (host == ours || host.EndsWith($".{ours}", StringComparison.Ordinal));

    private static bool IsOrigin(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.Scheme is ("http" or "https") && uri.GetLeftPart(UriPartial.Authority) == text;
}
