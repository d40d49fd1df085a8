using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Pages;
using Newsletter.Subscriber.Storage;
using Newsletter.Subscriber.Topics;

namespace Newsletter.Subscriber.SignUp;

/// <param name="Newsletters">Slugs; with a cadence, both count.</param>
/// <param name="Topics">Slugs; none: all.</param>
/// <param name="TimeZone">IANA name.</param>
/// <param name="Source">Where on your side the form stood.</param>
public sealed record SubscriptionRequest(
    [Required, StringLength(EmailAddress.MaxLength), MailAddress] string Email,
    [PersonName] string? Name,
    Cadence? Cadence,
    [Slugs] IReadOnlyList<string>? Newsletters,
    [Slugs] IReadOnlyList<string>? Topics,
    [TimeZoneName] string? TimeZone,
    [SourceWord] string? Source);

/// <summary>The same for every address.</summary>
internal sealed record SubscriptionAccepted(string Status);

internal static class SignUpEndpoints
{
    public static void MapSignUp(this RouteGroupBuilder api, RouteGroupBuilder pages)
    {
        api.MapPost("/subscriptions", SubscribeAsync).ForAnyone();
        pages.MapGet("/subscribe", ShowAsync).ForAnyone();
        pages.MapPost("/subscribe", PostAsync).ForAnyone().FromSameOrigin().DisableAntiforgery();
    }

    private static async Task<Results<Accepted<SubscriptionAccepted>, ValidationProblem>> SubscribeAsync(
        SubscriptionRequest request, CurrentPublication publication, Registrar registrar, CancellationToken cancellation)
    {
        if (publication.Snapshot.Choose(request.Cadence, request.Newsletters) is not { } newsletters)
            return Problem.Field("newsletters", "There is no such newsletter here.");
        if (!EmailAddress.TryParse(request.Email, out var email)) return Problem.Field("email", "This is no address.");
        var wish = new Wish(Rules.CleanName(request.Name), newsletters, request.Topics?.Distinct().ToList() ?? [], request.TimeZone, request.Source ?? "api");
        await registrar.SignUpAsync(publication.Snapshot, email, wish, cancellation);
        return TypedResults.Accepted((string?)null, new SubscriptionAccepted("check_inbox"));
    }

    private static async Task<IResult> ShowAsync(
        bool? sent, CurrentPublication publication, Caller? caller, SubscriberDb db, TimeProvider time, HttpResponse response, CancellationToken cancellation)
    {
        if (caller is null) response.Shared();
        else response.Private();
        var page = await SitePage.OfAsync(publication, caller, db, time, cancellation);
        if (sent == true)
        {
            return page.Show<MessagePage>(new MessagePage.Message(
                "Check your inbox", "We have sent a mail to the address that you gave. Press the button in it, and you are in. It can take a minute; look into the spam folder too.", "/", "Go on reading"));
        }
        return page.Show<SignUpPage>(new SignUpForm(publication.Snapshot, await db.OfferedTopicsAsync(publication.Id, [], cancellation)));
    }

    private static async Task<IResult> PostAsync(
        IFormCollection form, CurrentPublication publication, Registrar registrar, SubscriberDb db, HttpResponse response, CancellationToken cancellation)
    {
        response.Private();
        var filled = new SignUpForm(publication.Snapshot, []).Read(form, out var email);
        if (email is null || filled.HasErrors)
        {
            var offered = await db.OfferedTopicsAsync(publication.Id, filled.Topics, cancellation);
            return SitePage.Anonymous(publication).Show<SignUpPage>(filled with { Offered = offered }, StatusCodes.Status400BadRequest);
        }
        await registrar.SignUpAsync(publication.Snapshot, email, filled.ToWish(), cancellation);
        return publication.SeeOther("/subscribe?sent=true");
    }
}
