using Microsoft.AspNetCore.Http.HttpResults;
using Newsletter.Contracts;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Templates;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Letters;

/// <summary>Letters of posts that belong to no edition, for staff to look at. Their links are not counted, and they are on no ledger.</summary>
internal sealed class Proofs(MailSenders senders, PublicationMails mails, TimeProvider time)
{
    /// <summary>Null where the publication has no newsletter of posts, or the post nothing to show.</summary>
    public static Letter? Print(PublicationSnapshot publication, PostSnapshot post, Access level) =>
        NewsletterOf(publication, post) is { } newsletter && LetterChoice.CutAt(post, level) is { } cut
            ? LetterRenderer.Post(new LetterFrame(publication, newsletter, Guid.Empty, Track: address => address, OpenPixel: null), post, cut)
            : null;

    public static ValidationProblem? FaultOf(string to) =>
        to.Any(c => char.IsControl(c) || char.IsWhiteSpace(c)) ? Problem.Field("to", "The address must be one line without spaces.") : null;

    /// <summary>The fullest cut of a post, to one address.</summary>
    public async Task<Results<Accepted, ValidationProblem, ProblemHttpResult>> SendAsync(
        PublicationSnapshot publication, PostSnapshot post, string to, CancellationToken cancellation)
    {
        if (Print(publication, post, Access.Paid) is not { } letter) return Problem.Conflict("The post has nothing to show, or the publication has no newsletter of posts.");
        var mail = await mails.OfAsync(publication.Id, cancellation);
        var account = mail.Route.Choose();
        var (from, replyTo, dkim) = senders.Of(mail, publication, NewsletterOf(publication, post)!.Id, account.Name);
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var outcome = (await account.SendAsync(new()
        {
            From = from,
            ReplyTo = replyTo,
            Dkim = dkim,
            Subject = $"[Test] {letter.Subject}",
            Html = letter.Html,
            Text = letter.Text,
            Categories = ["test"],
            Letters =
            [
                new()
                {
                    Key = id.ToString("N"),
                    To = new(to),
                    // What comes back names it, and so is not taken for news of somebody's letter.
                    CustomArgs = new Dictionary<string, string> { [CustomArgs.Mail] = id.ToString("N"), [CustomArgs.Publication] = publication.Id.ToString("N") },
                    MessageId = $"{id:N}@{from.Address[(from.Address.LastIndexOf('@') + 1)..]}",
                    Substitutions = new Dictionary<string, string> { [Placeholder.Reader] = TrackingCodes.Nobody, [Placeholder.Unsubscribe] = "test" },
                },
            ],
        }, cancellation))[0];
        return outcome switch
        {
            SendOutcome.Accepted => TypedResults.Accepted((string?)null),
            SendOutcome.Rejected rejected => Problem.Of(StatusCodes.Status422UnprocessableEntity, $"The mail provider refused it ({rejected.Code})."),
            _ => Problem.Of(StatusCodes.Status503ServiceUnavailable, "The mail provider is away."),
        };
    }

    private static NewsletterSnapshot? NewsletterOf(PublicationSnapshot publication, PostSnapshot post) =>
        publication.Newsletters.FirstOrDefault(n => n.Id == post.NewsletterId) ?? publication.Newsletters.FirstOrDefault(n => n.Kind == NewsletterKind.Posts);
}
