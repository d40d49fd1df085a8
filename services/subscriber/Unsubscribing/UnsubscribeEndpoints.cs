using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Pages;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Unsubscribing;

/// <summary>
/// The link at the foot of every letter, and RFC 8058's one-click POST to the same address: from a mail provider's server, without cookie or
/// origin, urlencoded or multipart, answered without redirect. GET changes nothing, because scanners open links. The link travels with every
/// letter that is forwarded, and works for years: it only ends newsletters, and what it ended is given back to whoever signs in.
/// </summary>
internal static class UnsubscribeEndpoints
{
    private const string OneClick = "one-click";
    private const string FromPage = "unsubscribe-page";

    public static void MapUnsubscribing(this RouteGroupBuilder pages)
    {
        pages.MapGet("/unsubscribe", ShowAsync).ForAnyone();
        pages.MapPost("/unsubscribe", PostAsync).ForAnyone().DisableAntiforgery().AgainWhenOvertaken();
    }

    private static async Task<IResult> ShowAsync(
        string? token, string? newsletter, CurrentPublication publication, SubscriberDb db, LinkKeys keys, HttpResponse response, CancellationToken cancellation)
    {
        response.Secret();
        var page = SitePage.Anonymous(publication);
        var links = await keys.ReadForAsync(LinkPurpose.Unsubscribe, token, cancellation);
        if (links.ReadUnsubscribe(token) is not { } id) return Forged(page);
        var subscriber = await db.Subscribers.AsNoTracking().SingleOrDefaultAsync(s => s.Id == id && s.PublicationId == publication.Id, cancellation);
        return subscriber is null ? Gone(page) : Form(page, publication, subscriber, token!, newsletter, saved: false);
    }

    private static async Task<IResult> PostAsync(
        string? token, string? newsletter, IFormCollection form, CurrentPublication publication, SubscriberDb db, LinkKeys keys, TimeProvider time,
        HttpResponse response, CancellationToken cancellation)
    {
        response.Secret();
        var page = SitePage.Anonymous(publication);
        var links = await keys.ReadForAsync(LinkPurpose.Unsubscribe, token, cancellation);
        if (links.ReadUnsubscribe(token) is not { } id) return Forged(page);
        var subscriber = await db.Subscribers.SingleOrDefaultAsync(s => s.Id == id && s.PublicationId == publication.Id, cancellation);
        // Who is erased gets no mail either: a provider's repeat is answered like the first.
        if (subscriber is null) return Gone(page);

        var before = subscriber.Newsletters.ToHashSet();
        var changed = Apply(form, newsletter, publication, subscriber, time.GetUtcNow());
        if (changed || !before.SetEquals(subscriber.Newsletters))
        {
            db.PublishChange(subscriber, links, time);
            await db.SaveChangesAsync(cancellation);
        }
        return Form(page, publication, subscriber, token!, newsletter, saved: true);
    }

    /// <summary>Answers whether something of the subscriber changed.</summary>
    private static bool Apply(IFormCollection form, string? newsletter, CurrentPublication publication, Subscriber subscriber, DateTimeOffset now)
    {
        if (!form.ContainsKey("choices"))
        {
            // A newsletter that is no more, or none named: better all than none.
            return subscriber.Leave(publication.Snapshot.Newsletters.FirstOrDefault(n => n.Slug == newsletter)?.Id, OneClick, now);
        }
        if (form.ContainsKey("all")) return subscriber.Leave(null, FromPage, now);
        if (!subscriber.IsConfirmed) return subscriber.Leave(null, FromPage, now);
        var kept = form.Slugs("newsletters");
        var stands = subscriber.Newsletters.ToHashSet();
        subscriber.Choose(publication.Snapshot.Newsletters.Where(n => kept.Contains(n.Slug) && stands.Contains(n.Id)).Select(n => n.Id).ToList(), FromPage, now);
        return false;
    }

    private static Microsoft.AspNetCore.Http.HttpResults.RazorComponentResult Form(
        SitePage page, CurrentPublication publication, Subscriber subscriber, string token, string? newsletter, bool saved)
    {
        var stands = subscriber.Newsletters.ToHashSet();
        var choices = publication.Snapshot.Newsletters.Where(n => stands.Contains(n.Id))
            .Select(n => new UnsubscribePage.Choice(n.Slug, n.Name, n.Description)).ToList();
        return page.Show<UnsubscribePage>(new UnsubscribePage.LeaveForm(subscriber.Email, token, newsletter, choices, saved));
    }

    private static Microsoft.AspNetCore.Http.HttpResults.RazorComponentResult Gone(SitePage page) =>
        page.Show<MessagePage>(new MessagePage.Message("You get no mail from us", "This address is not subscribed to anything here."));

    private static Microsoft.AspNetCore.Http.HttpResults.RazorComponentResult Forged(SitePage page) =>
        page.Problem(StatusCodes.Status400BadRequest, "This link does not work", "It is incomplete, or not from us. Copy it whole from the mail, or sign in to end your subscription.");
}
