using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tracking;

/// <summary>Counts clicks and opens. Neither answer sets a cookie, and a reader who does not want to be counted is led on all the same.</summary>
internal static partial class TrackingEndpoints
{
    // A transparent GIF of one pixel.
    private static readonly byte[] Pixel = Convert.FromBase64String("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7");

    public static void MapTracking(this IEndpointRouteBuilder app)
    {
        app.MapMethods("/t/{link}", [HttpMethods.Get, HttpMethods.Head], FollowAsync).ForAnyone().ExcludeFromDescription();
        app.MapGet("/o/{name}.gif", OpenAsync).ForAnyone().ExcludeFromDescription();
    }

    private static async Task<Results<RedirectHttpResult, ProblemHttpResult>> FollowAsync(
        string link, string? r, HttpContext http, SecretKeys keys, MailerDb db, TimeProvider time, ILogger<TrackingCodes> log, CancellationToken cancellation)
    {
        var codes = new TrackingCodes(await keys.GetAsync(SecretKeys.Tracking, cancellation));
        if (codes.ReadLink(link) is not { } target) return Problem.NotFound("This link is not one of ours.");
        NeverKeep(http);
        // Scanners look with HEAD; people follow with GET.
        if (HttpMethods.IsGet(http.Request.Method) && codes.ReadReader(target.Edition, r) is { } reader)
            await CountAsync(() => Clicks.CountAsync(db, target.Edition, reader, target.Address, IsMachine(http), time.GetUtcNow(), cancellation), log);
        return InAscii(target.Address) is { } address ? TypedResults.Redirect(address) : Problem.NotFound("There can be no such address.");
    }

    private static async Task<FileContentHttpResult> OpenAsync(
        string name, HttpContext http, SecretKeys keys, MailerDb db, TimeProvider time, ILogger<TrackingCodes> log, CancellationToken cancellation)
    {
        NeverKeep(http);
        var codes = new TrackingCodes(await keys.GetAsync(SecretKeys.Tracking, cancellation));
        if (codes.ReadPixel(name) is { } seen)
        {
            await CountAsync(() => Engagement.OpenAsync(db, seen.Edition, seen.Reader, IsMachine(http), time.GetUtcNow(), cancellation), log);
        }
        return TypedResults.File(Pixel, "image/gif");
    }

    /// <summary>As a header carries it: a letter's links may have letters of any script. Null: its host has no name that could be looked up.</summary>
    private static string? InAscii(string address)
    {
        if (IsPlain(address)) return address;
        try
        {
            return new UriBuilder(address) { Host = new Uri(address).IdnHost }.Uri.AbsoluteUri is var ascii && IsPlain(ascii) ? ascii : null;
        }
        catch (UriFormatException)
        {
            return null;
        }
    }

    private static bool IsPlain(string address) => address.All(c => c is > ' ' and < '\x7f');

    private static bool IsMachine(HttpContext http) => UserAgents.IsMachine(http.Request.Headers.UserAgent.ToString());

    /// <summary>A database that is away costs a count, and not the reader their way.</summary>
    private static async Task CountAsync(Func<Task> count, ILogger log)
    {
        try
        {
            await count();
        }
        catch (Exception e) when (DatabaseFailure.IsAway(e))
        {
            NotCounted(log, e.GetBaseException().GetType().Name);
        }
    }

    private static void NeverKeep(HttpContext http)
    {
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["Referrer-Policy"] = "no-referrer";
        http.Response.Headers["X-Robots-Tag"] = "noindex";
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "A click or an open was not counted: the database is away ({Reason})")]
    private static partial void NotCounted(ILogger log, string reason);
}
