using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Pages;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Pages;

/// <summary>What the shell around each of our pages shows.</summary>
public sealed record SitePage(SiteInfo Site, Viewer Viewer)
{
    public static SitePage Anonymous(CurrentPublication publication) => new(SiteOf(publication.Snapshot), Viewer.Anonymous);

    internal static async Task<SitePage> OfAsync(CurrentPublication publication, Caller? caller, SubscriberDb db, TimeProvider time, CancellationToken cancellation)
    {
        if (caller is not { Role: Role.Reader }) return Anonymous(publication);
        var now = time.GetUtcNow();
        var name = await db.Subscribers.Where(s => s.Id == caller.Subject && s.PublicationId == publication.Id).Select(s => s.Name).SingleOrDefaultAsync(cancellation);
        var member = await db.Grants.AnyAsync(
            g => g.SubscriberId == caller.Subject && g.PublicationId == publication.Id && !g.Deleted && g.From <= now && g.Until > now, cancellation);
        return new(SiteOf(publication.Snapshot), new(SignedIn: true, name, member));
    }

    public RazorComponentResult Show<TComponent>(object model, int status = StatusCodes.Status200OK) where TComponent : IComponent =>
        new RazorComponentResult<TComponent>(new { Page = this, Model = model }) { StatusCode = status };

    public RazorComponentResult Problem(int status, string title, string detail) =>
        new RazorComponentResult<ProblemPage>(new { Site, Viewer, Status = status, Title = title, Detail = detail }) { StatusCode = status };

    private static SiteInfo SiteOf(PublicationSnapshot p) =>
        new(p.Name, p.Tagline, p.BaseUrl, p.Language, p.AccentColour, p.PostalAddress, HasPlans: true);
}

internal static class PageHeaders
{
    /// <summary>The same for every visitor: a shared cache may keep it for half a minute.</summary>
    public static void Shared(this HttpResponse response) => response.Headers.CacheControl = "public, max-age=0, s-maxage=30";

    public static void Private(this HttpResponse response) => response.Headers.CacheControl = "private, no-cache, no-store";

    /// <summary>A page whose address is a secret: nobody keeps it, and no link from it tells it on.</summary>
    public static void Secret(this HttpResponse response)
    {
        response.Headers.CacheControl = "no-store";
        response.Headers["Referrer-Policy"] = "no-referrer";
    }

    /// <summary>After a form: the page to go on with, which a reload then repeats instead of the form.</summary>
    public static IResult SeeOther(this CurrentPublication publication, string path) => new SeeOtherResult(publication.BaseUrl + path);

    private sealed class SeeOtherResult(string location) : IResult
    {
        public Task ExecuteAsync(HttpContext httpContext)
        {
            httpContext.Response.StatusCode = StatusCodes.Status303SeeOther;
            httpContext.Response.Headers.Location = location;
            return Task.CompletedTask;
        }
    }
}
