using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Sessions;

internal static class ReaderSessions
{
    /// <summary>Starts a session with the caller's SaveChanges, and gives the browser its cookie.</summary>
    public static void SignIn(this HttpContext http, SubscriberDb db, CurrentPublication publication, Guid subscriber, DateTimeOffset now)
    {
        var (session, value) = Session.ForReader(publication.Id, subscriber, Device.NameOf(http.Request.Headers.UserAgent), now);
        db.Add(session);
        http.Response.Cookies.Append(SessionCookie.NameFor(publication.BaseUrl, publication.Slug), value, Options(publication, Session.ReadersLifetime));
    }

    /// <summary>Ends all sessions of a reader and what hangs on them elsewhere; saves.</summary>
    public static async Task SignOutEverywhereAsync(this SubscriberDb db, Subscriber reader, LinkKeys keys, TimeProvider time, CancellationToken cancellation)
    {
        await db.Sessions.Where(s => s.SubscriberId == reader.Id && s.PublicationId == reader.PublicationId).ExecuteDeleteAsync(cancellation);
        reader.SignOutEverywhere();
        db.PublishChange(reader, await keys.ReadAsync(cancellation), time);
        await db.SaveChangesAsync(cancellation);
    }

    public static void ForgetCookie(this HttpContext http, CurrentPublication publication) =>
        http.Response.Cookies.Append(SessionCookie.NameFor(publication.BaseUrl, publication.Slug), "", Options(publication, TimeSpan.Zero));

    private static CookieOptions Options(CurrentPublication publication, TimeSpan age) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = SessionCookie.IsSecure(publication.BaseUrl),
        Path = "/",
        MaxAge = age,
        IsEssential = true,
    };
}
