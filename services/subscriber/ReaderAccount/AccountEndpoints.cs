using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Erasure;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Pages;
using Newsletter.Subscriber.Sessions;
using Newsletter.Subscriber.Storage;
using Newsletter.Subscriber.Topics;

namespace Newsletter.Subscriber.ReaderAccount;

/// <summary>What readers see and decide about themselves.</summary>
internal static class AccountEndpoints
{
    private const string Source = "account";

    public static void MapReaderAccount(this RouteGroupBuilder pages)
    {
        pages.MapGet("/account", ShowAsync).ForReaders();
        pages.MapPost("/account/preferences", SavePreferencesAsync).ForReaders().AgainWhenOvertaken();
        pages.MapPost("/account/profile", SaveProfileAsync).ForReaders().AgainWhenOvertaken();
        pages.MapPost("/account/sessions/sign-out", SignOutEverywhereAsync).ForReaders().AgainWhenOvertaken();
        pages.MapGet("/account/export", ExportAsync).ForReaders();
        pages.MapPost("/account/erasure", EraseAsync).ForReaders();
        pages.MapAddressChange();
    }

    private static async Task<IResult> ShowAsync(
        bool? welcome, string? saved, CurrentPublication publication, Caller caller, SubscriberDb db, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Private();
        if (await db.ReaderAsync(caller, publication, cancellation) is not { } reader) return SignedOut(http, publication);
        var notice = welcome == true ? AccountPage.Notices.Welcome : saved switch
        {
            "preferences" or "profile" => AccountPage.Notices.Saved,
            "address" => AccountPage.Notices.AddressAsked,
            _ => AccountPage.Notices.None,
        };
        return await PageAsync(reader, notice, publication, caller, db, time, cancellation);
    }

    /// <summary>The cadence stands for the two default newsletters; other newsletters have boxes of their own.</summary>
    private static async Task<IResult> SavePreferencesAsync(
        IFormCollection form, CurrentPublication publication, Caller caller, SubscriberDb db, LinkKeys keys, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Private();
        if (await db.ReaderAsync(caller, publication, cancellation) is not { } reader) return SignedOut(http, publication);
        var boxes = form.Slugs("newsletters");
        var newsletters = publication.Snapshot.Newsletters.Where(n => boxes.Contains(n.Slug)).Select(n => n.Id);
        if (form.Cadence() is { } cadence)
        {
            var defaults = publication.Snapshot.NewslettersOf(Cadence.EveryPost).Concat(publication.Snapshot.NewslettersOf(Cadence.Weekly)).ToList();
            newsletters = newsletters.Except(defaults).Concat(publication.Snapshot.NewslettersOf(cadence));
        }
        reader.Choose(newsletters.Distinct().ToList(), Source, time.GetUtcNow());
        reader.Describe(reader.Name, form.Slugs("topics"), reader.TimeZone);
        db.PublishChange(reader, await keys.ReadAsync(cancellation), time);
        await db.SaveChangesAsync(cancellation);
        return publication.SeeOther("/account?saved=preferences");
    }

    private static async Task<IResult> SaveProfileAsync(
        IFormCollection form, CurrentPublication publication, Caller caller, SubscriberDb db, LinkKeys keys, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Private();
        if (await db.ReaderAsync(caller, publication, cancellation) is not { } reader) return SignedOut(http, publication);
        var (name, zone) = (form["name"].ToString(), form["timeZone"].ToString());
        if (!Rules.IsName(name) || zone.Length > 0 && !Rules.IsTimeZone(zone))
            return await PageAsync(reader, AccountPage.Notices.Invalid, publication, caller, db, time, cancellation, StatusCodes.Status400BadRequest);
        reader.Describe(Rules.CleanName(name), reader.Topics, zone.Length > 0 ? zone : null);
        reader.AllowTracking(form.ContainsKey("tracking"));
        db.PublishChange(reader, await keys.ReadAsync(cancellation), time);
        await db.SaveChangesAsync(cancellation);
        return publication.SeeOther("/account?saved=profile");
    }

    private static async Task<IResult> SignOutEverywhereAsync(
        IFormCollection form, CurrentPublication publication, Caller caller, SubscriberDb db, LinkKeys keys, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Private();
        if (await db.ReaderAsync(caller, publication, cancellation) is { } reader) await db.SignOutEverywhereAsync(reader, keys, time, cancellation);
        return SignedOut(http, publication);
    }

    private static async Task<IResult> ExportAsync(
        CurrentPublication publication, Caller caller, SubscriberDb db, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Private();
        if (await db.ReaderAsync(caller, publication, cancellation) is not { } reader) return SignedOut(http, publication);
        http.Response.Headers.ContentDisposition = $"attachment; filename=\"{publication.Slug}-my-data.json\"";
        return TypedResults.Ok(await AccountExport.OfAsync(reader, publication, db, cancellation));
    }

    private static async Task<IResult> EraseAsync(
        IFormCollection form, CurrentPublication publication, Caller caller, SubscriberDb db, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Private();
        if (await db.ReaderAsync(caller, publication, cancellation) is not { } reader) return SignedOut(http, publication);
        // The page asks to type the address: nobody erases themselves with one press of a button.
        if (!EmailAddress.TryParse(form["email"], out var typed) || typed.Normalised != reader.NormalisedEmail)
            return await PageAsync(reader, AccountPage.Notices.NotErased, publication, caller, db, time, cancellation, StatusCodes.Status400BadRequest);
        await db.EraseAsync(reader, time, cancellation);
        await db.SaveChangesAsync(cancellation);
        http.ForgetCookie(publication);
        return SitePage.Anonymous(publication).Show<MessagePage>(new MessagePage.Message(
            "You are erased", "What we knew about you is gone from here, and is being removed everywhere else now. Invoices stay as long as tax law asks.", "/", "To the front page"));
    }

    internal static Task<Subscriber?> ReaderAsync(this SubscriberDb db, Caller caller, CurrentPublication publication, CancellationToken cancellation) =>
        db.Subscribers.SingleOrDefaultAsync(s => s.Id == caller.Subject && s.PublicationId == publication.Id, cancellation);

    /// <summary>A token outlives its session, and its reader, by up to two minutes.</summary>
    internal static IResult SignedOut(HttpContext http, CurrentPublication publication)
    {
        http.ForgetCookie(publication);
        return publication.SeeOther("/sign-in");
    }

    internal static async Task<RazorComponentResult> PageAsync(
        Subscriber reader, AccountPage.Notices notice, CurrentPublication publication, Caller caller, SubscriberDb db, TimeProvider time, CancellationToken cancellation,
        int status = StatusCodes.Status200OK)
    {
        var now = time.GetUtcNow();
        var sessions = await db.Sessions.Where(s => s.SubscriberId == reader.Id && s.ExpiresAt > now).OrderByDescending(s => s.LastSeenAt).Take(50)
            .Select(s => new AccountPage.DeviceRow(s.Device, s.LastSeenAt, s.Id == caller.Session)).ToListAsync(cancellation);
        var grant = await db.Grants.Where(g => g.SubscriberId == reader.Id && g.PublicationId == publication.Id && !g.Deleted && g.From <= now && g.Until > now)
            .OrderByDescending(g => g.Until).FirstOrDefaultAsync(cancellation);
        var model = new AccountPage.AccountModel(
            reader.Email, reader.Name, reader.CreatedAt, reader.TimeZone, reader.TrackingAllowed, publication.Snapshot, reader.Newsletters.ToHashSet(),
            await db.OfferedTopicsAsync(publication.Id, reader.Topics, cancellation), reader.Topics, sessions,
            grant is null ? null : new AccountPage.Plan(grant.Tier, grant.Source, grant.Until), notice);
        return (await SitePage.OfAsync(publication, caller, db, time, cancellation)).Show<AccountPage>(model, status);
    }
}
