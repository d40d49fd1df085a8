using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Telemetry;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Mail;
using Newsletter.Subscriber.Pages;
using Newsletter.Subscriber.Sessions;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.SignIn;

/// <summary>Readers sign in with a link or a code from a mail. What is asked of an unknown address is answered like that of a known one.</summary>
internal static class SignInEndpoints
{
    private static readonly Counter<long> SignIns = NewsletterTelemetry.Meter.CreateCounter<long>("newsletter.sign_ins", "{sign_in}", "Readers' sign-ins by way");

    public static void MapSignIn(this RouteGroupBuilder pages)
    {
        pages.MapGet("/sign-in", ShowAsync).ForAnyone();
        pages.MapPost("/sign-in", PostAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
        pages.MapPost("/sign-out", SignOutAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
    }

    private static async Task<IResult> ShowAsync(
        string? token, [Microsoft.AspNetCore.Mvc.FromQuery(Name = "return")] string? back, CurrentPublication publication,
        SubscriberDb db, TimeProvider time, HttpResponse response, CancellationToken cancellation)
    {
        var page = SitePage.Anonymous(publication);
        var path = FormValues.LocalPath(publication.BaseUrl, back);
        if (token is null)
        {
            response.Shared();
            return page.Show<SignInPage>(new SignInPage.SignInForm(path));
        }
        response.Secret();
        return await db.AwaitsAsync(ChallengeKind.Reader, publication.Id, token, time.GetUtcNow(), cancellation)
            ? page.Show<TokenPage>(new TokenPage.TokenForm("Sign in", $"To {publication.Snapshot.Name}, on this device.", "/sign-in", token, "Sign me in", path))
            : DeadLink(page);
    }

    /// <summary>The three forms of signing in: an address, an address with a code, a link's token.</summary>
    private static async Task<IResult> PostAsync(
        IFormCollection form, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Secret();
        var page = SitePage.Anonymous(publication);
        var back = FormValues.LocalPath(publication.BaseUrl, form["return"]);
        if (form.ContainsKey("token"))
        {
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var taken = await db.TakeByTokenAsync(ChallengeKind.Reader, publication.Id, form["token"], time.GetUtcNow(), cancellation);
            if (taken is null) return DeadLink(page);
            await EnterAsync(taken, publication, db, time, http, cancellation);
            await transaction.CommitAsync(cancellation);
            SignIns.Add(1, new KeyValuePair<string, object?>("way", "link"));
            return publication.SeeOther(back ?? "/account");
        }

        if (!EmailAddress.TryParse(form["email"], out var email))
            return page.Show<SignInPage>(new SignInPage.SignInForm(back, form["email"], "This does not look like a complete address, such as name@example.com."), StatusCodes.Status400BadRequest);

        if (form.ContainsKey("code"))
        {
            // Before the transaction: on SQLite nobody else may write while one is open, and the first reading makes the keys.
            var links = await keys.ReadAsync(cancellation);
            await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
            var taken = await db.TakeByCodeAsync(ChallengeKind.Reader, AddressRule.CodeTries, publication.Id, email, form["code"].ToString().Trim(), links, time, cancellation);
            if (taken is not null) await EnterAsync(taken, publication, db, time, http, cancellation);
            await transaction.CommitAsync(cancellation);
            if (taken is null)
                return page.Show<CodePage>(new CodePage.CodeForm(email.Typed, back, "This is not the code, or it is too old, or it was tried too often."), StatusCodes.Status400BadRequest);
            SignIns.Add(1, new KeyValuePair<string, object?>("way", "code"));
            return publication.SeeOther(back ?? "/account");
        }

        await SendAsync(email, publication, db, await keys.ReadAsync(cancellation), time, cancellation);
        return page.Show<CodePage>(new CodePage.CodeForm(email.Typed, back));
    }

    private static async Task SendAsync(EmailAddress email, CurrentPublication publication, SubscriberDb db, LinkSigner links, TimeProvider time, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var mayMail = await AddressLimit.TakeAsync(db, AddressRule.SignInMails, publication.Id, email, time, cancellation);
        var subscriber = await db.Subscribers.AsNoTracking().SingleOrDefaultAsync(s => s.PublicationId == publication.Id && s.NormalisedEmail == email.Normalised, cancellation);
        if (mayMail)
        {
            // One for nobody, too: the code page then behaves the same.
            var (challenge, token, code) = Challenge.ForSignIn(
                ChallengeKind.Reader, publication.Id, subscriber is { IsConfirmed: true } ? subscriber.Id : null, email, links, now);
            db.Add(challenge);
            if (subscriber is { IsConfirmed: true }) db.Publish(Mails.SignIn(publication.Snapshot, subscriber, token, code, now));
            else if (subscriber is not null) db.Publish(Mails.Confirmation(publication.Snapshot, subscriber, links, now));
            await db.SaveChangesAsync(cancellation);
        }
        await transaction.CommitAsync(cancellation);
    }

    private static async Task EnterAsync(Challenge taken, CurrentPublication publication, SubscriberDb db, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.SignIn(db, publication, taken.SubjectId!.Value, time.GetUtcNow());
        await db.SaveChangesAsync(cancellation);
    }

    private static async Task<IResult> SignOutAsync(CurrentPublication publication, Caller? caller, SubscriberDb db, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Private();
        if (caller is { Role: Role.Reader })
            await db.Sessions.Where(s => s.Id == caller.Session && s.SubscriberId == caller.Subject).ExecuteDeleteAsync(cancellation);
        http.ForgetCookie(publication);
        return publication.SeeOther("/");
    }

    private static Microsoft.AspNetCore.Http.HttpResults.RazorComponentResult DeadLink(SitePage page) =>
        page.Problem(StatusCodes.Status410Gone, "This link does not work any more", "A sign-in link works once, for 15 minutes. Ask for a new one on the sign-in page.");
}
