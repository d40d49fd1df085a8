using System.Diagnostics.Metrics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Telemetry;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Pages;
using Newsletter.Subscriber.Sessions;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Confirmation;

/// <summary>The link of the confirmation mail. GET shows a button; POST confirms once, and signs the reader in.</summary>
internal static class ConfirmEndpoints
{
    private static readonly Counter<long> Confirmations = NewsletterTelemetry.Meter.CreateCounter<long>("newsletter.confirmations", "{confirmation}", "Addresses confirmed by their owners");

    public static void MapConfirmation(this RouteGroupBuilder pages)
    {
        pages.MapGet("/confirm", ShowAsync).ForAnyone();
        pages.MapPost("/confirm", ConfirmAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
    }

    private static async Task<IResult> ShowAsync(
        string? token, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, HttpResponse response, CancellationToken cancellation)
    {
        response.Secret();
        var page = SitePage.Anonymous(publication);
        var (refusal, subscriber) = await ReadAsync(page, token, publication, db, keys, time, cancellation);
        if (subscriber is null) return refusal!;
        return page.Show<TokenPage>(new TokenPage.TokenForm(
            "One click to go", $"You asked for {publication.Snapshot.Name} at {subscriber.Email}. Confirm that the address is yours, and the next letter will reach you.",
            "/confirm", token!, "Confirm my subscription"));
    }

    private static async Task<IResult> ConfirmAsync(
        IFormCollection form, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, HttpContext http, CancellationToken cancellation)
    {
        http.Response.Secret();
        var (refusal, subscriber) = await ReadAsync(SitePage.Anonymous(publication), form["token"], publication, db, keys, time, cancellation);
        if (subscriber is null) return refusal!;
        subscriber.Confirm(time.GetUtcNow());
        // Two clicks at once collide on the version: one confirms, the other is told to look again.
        db.PublishChange(subscriber, await keys.ReadAsync(cancellation), time);
        http.SignIn(db, publication, subscriber.Id, time.GetUtcNow());
        await db.SaveChangesAsync(cancellation);
        Confirmations.Add(1);
        return publication.SeeOther("/account?welcome=true");
    }

    private static async Task<(IResult? Refusal, Subscriber? Subscriber)> ReadAsync(
        SitePage page, string? token, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time, CancellationToken cancellation)
    {
        var links = await keys.ReadForAsync(LinkPurpose.Confirm, token, cancellation);
        var (state, id) = links.ReadConfirm(token, time.GetUtcNow());
        var subscriber = state == LinkState.Forged ? null
            : await db.Subscribers.SingleOrDefaultAsync(s => s.Id == id && s.PublicationId == publication.Id, cancellation);
        if (subscriber is null)
            return (page.Problem(StatusCodes.Status400BadRequest, "This link does not work", "It is incomplete, or not from us. Copy it whole from the mail, or subscribe again for a new one."), null);
        if (subscriber.IsConfirmed)
            return (page.Problem(StatusCodes.Status410Gone, "This link was used", "The address is confirmed already. Sign in with it to see your account."), null);
        if (state == LinkState.Expired)
            return (page.Problem(StatusCodes.Status410Gone, "This link is too old", "Subscribe again, and we will send you a new one."), null);
        return (null, subscriber);
    }
}
