using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Mail;
using Newsletter.Subscriber.Pages;
using Newsletter.Subscriber.SignIn;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.ReaderAccount;

/// <summary>A reader moves to another address: asked for by the signed-in reader, done by whoever opens the mail at the new one.</summary>
internal static class AddressChangeEndpoints
{
    private const string ConfirmPath = "/account/address/confirm";

    public static void MapAddressChange(this RouteGroupBuilder pages)
    {
        pages.MapPost("/account/address", AskAsync).ForReaders();
        pages.MapGet(ConfirmPath, ShowAsync).ForAnyone();
        pages.MapPost(ConfirmPath, MoveAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
    }

    private static async Task<IResult> AskAsync(
        IFormCollection form, CurrentPublication publication, Caller caller, SubscriberDb db, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Private();
        if (await db.ReaderAsync(caller, publication, cancellation) is not { } reader) return AccountEndpoints.SignedOut(http, publication);
        if (!EmailAddress.TryParse(form["email"], out var address) || address.Normalised == reader.NormalisedEmail)
            return await AccountEndpoints.PageAsync(reader, AccountPage.Notices.Invalid, publication, caller, db, time, cancellation, StatusCodes.Status400BadRequest);

        var now = time.GetUtcNow();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (await AddressLimit.TakeAsync(db, AddressRule.AddressChangeMails, publication.Id, address, time, cancellation))
        {
            // To a taken address, too: only its mailbox learns by the answer whether it is.
            var (challenge, token) = Challenge.ForAddressChange(publication.Id, reader.Id, address, now);
            db.Add(challenge);
            db.Publish(Mails.AddressChange(publication.Snapshot, reader, address.Typed, token, now));
            await db.SaveChangesAsync(cancellation);
        }
        await transaction.CommitAsync(cancellation);
        return publication.SeeOther("/account?saved=address");
    }

    private static async Task<IResult> ShowAsync(
        string? token, CurrentPublication publication, SubscriberDb db, TimeProvider time, HttpResponse response, CancellationToken cancellation)
    {
        response.Secret();
        var page = SitePage.Anonymous(publication);
        return await db.AwaitsAsync(ChallengeKind.AddressChange, publication.Id, token, time.GetUtcNow(), cancellation)
            ? page.Show<TokenPage>(new TokenPage.TokenForm("Your new address", $"From now on {publication.Snapshot.Name} writes to you here.", ConfirmPath, token!, "Use this address"))
            : DeadLink(page);
    }

    private static async Task<IResult> MoveAsync(
        IFormCollection form, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, HttpResponse response, CancellationToken cancellation)
    {
        response.Secret();
        var page = SitePage.Anonymous(publication);
        var links = await keys.ReadAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var taken = await db.TakeByTokenAsync(ChallengeKind.AddressChange, publication.Id, form["token"], time.GetUtcNow(), cancellation);
        if (taken is null || !EmailAddress.TryParse(taken.NewEmail, out var address)) return DeadLink(page);
        var reader = await db.Subscribers.SingleAsync(s => s.Id == taken.SubjectId && s.PublicationId == publication.Id, cancellation);
        reader.MoveTo(address);
        db.PublishChange(reader, links, time);
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            return page.Problem(StatusCodes.Status409Conflict, "This address has a subscription of its own", "Sign in with it, or end that subscription first.");
        }
        await transaction.CommitAsync(cancellation);
        return page.Show<MessagePage>(new MessagePage.Message("Moved", "From now on we write to you at this address, and you sign in with it.", "/account", "To your account"));
    }

    private static Microsoft.AspNetCore.Http.HttpResults.RazorComponentResult DeadLink(SitePage page) =>
        page.Problem(StatusCodes.Status410Gone, "This link does not work any more", "It works once, for 15 minutes. Ask for a new one in your account.");
}
