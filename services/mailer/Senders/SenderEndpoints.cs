using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Senders;

internal static class SenderEndpoints
{
    public static void MapSenders(this RouteGroupBuilder api)
    {
        api.MapGet("/senders", ListAsync).ForStaff(Permission.PublicationRead);
        api.MapPut("/senders", PutAsync).ForStaff(Permission.SendersWrite).AgainWhenOvertaken();
        api.MapDelete("/senders", DeleteAsync).ForStaff(Permission.SendersWrite);
    }

    /// <param name="Verified">False: mail still leaves under the installation's domain.</param>
    internal sealed record SenderView(string? Newsletter, string Name, string Address, string? ReplyTo, string Domain, bool Verified);

    private static async Task<Ok<ListPage<SenderView>>> ListAsync(CurrentPublication publication, MailerDb db, MailSenders senders, PublicationMails mails, CancellationToken cancellation)
    {
        var verified = await VerifiedAsync(db, publication.Id, (await mails.OfAsync(publication.Id, cancellation)).Route.First.Name, cancellation);
        var kept = await db.Senders.AsNoTracking().Where(s => s.PublicationId == publication.Id).OrderBy(s => s.Id).Take(100).ToListAsync(cancellation);
        var (from, replyTo) = senders.DefaultOf(publication.Snapshot);
        return TypedResults.Ok(new ListPage<SenderView>(
            [new(null, from.Name ?? "", from.Address, replyTo?.Address, senders.Domain, true), .. kept.Select(s => ViewOf(publication, s, verified))], null));
    }

    private static async Task<Results<Ok<SenderView>, ValidationProblem, ProblemHttpResult>> PutAsync(
        SenderRequest request, CurrentPublication publication, MailerDb db, SenderDomains domains, PublicationMails mails, DomainWorker worker, TimeProvider time, CancellationToken cancellation)
    {
        var newsletter = publication.Snapshot.Newsletters.FirstOrDefault(n => n.Slug == request.Newsletter);
        if (request.Newsletter is not null && newsletter is null) return Problem.Field("newsletter", "There is no such newsletter.");
        if (request.Name.Any(char.IsControl)) return Problem.Field("name", "A name is one line.");
        if (!HeaderText.IsAddress(request.Address) || MailDomain.Of(request.Address) is not { } domain) return Problem.Field("address", "An address is one line, with a domain that DNS can know.");
        if (request.ReplyTo is { } replyTo && !HeaderText.IsAddress(replyTo)) return Problem.Field("replyTo", "An address is one line.");
        var id = newsletter?.Id;
        if (await domains.FindOrAddAsync(db, publication.Id, domain, cancellation) is null) return Problem.Conflict($"A publication has at most {SenderDomains.Most} from-domains.");
        db.RemoveRange(await db.Senders.Where(s => s.PublicationId == publication.Id && s.NewsletterId == id).ToListAsync(cancellation));
        var sender = Sender.Of(publication.Id, id, request.Name, request.Address, request.ReplyTo, time);
        db.Add(sender);
        await db.SaveChangesAsync(cancellation);
        mails.Forget(publication.Id);
        worker.Wake();
        var provider = (await mails.OfAsync(publication.Id, cancellation)).Route.First.Name;
        return TypedResults.Ok(ViewOf(publication, sender, await VerifiedAsync(db, publication.Id, provider, cancellation)));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        CurrentPublication publication, MailerDb db, PublicationMails mails, CancellationToken cancellation, [FromQuery, StringLength(100)] string? newsletter = null)
    {
        var id = publication.Snapshot.Newsletters.FirstOrDefault(n => n.Slug == newsletter)?.Id;
        if (newsletter is not null && id is null) return Problem.NotFound("There is no such newsletter.");
        var kept = await db.Senders.Where(s => s.PublicationId == publication.Id && s.NewsletterId == id).ToListAsync(cancellation);
        if (kept.Count == 0) return Problem.NotFound("There is no such sender.");
        db.RemoveRange(kept);
        await db.SaveChangesAsync(cancellation);
        mails.Forget(publication.Id);
        return TypedResults.NoContent();
    }

    /// <summary>The domains under which letters leave through the publication's first provider.</summary>
    private static async Task<HashSet<string>> VerifiedAsync(MailerDb db, Guid publication, string provider, CancellationToken cancellation) =>
        [.. (await db.SenderDomains.AsNoTracking().Where(d => d.PublicationId == publication).ToListAsync(cancellation)).Where(d => d.VerifiedFor.Contains(provider)).Select(d => d.Domain)];

    private static SenderView ViewOf(CurrentPublication publication, Sender sender, HashSet<string> verified) => new(
        publication.Snapshot.Newsletters.FirstOrDefault(n => n.Id == sender.NewsletterId)?.Slug, sender.Name, sender.Address, sender.ReplyTo, sender.Domain, verified.Contains(sender.Domain));
}

public sealed record SenderRequest
{
    /// <summary>A newsletter's slug; without it, the sender of all newsletters that have none of their own.</summary>
    [StringLength(100)]
    public string? Newsletter { get; init; }

    [Required, StringLength(100)]
    public string Name { get; init; } = "";

    [Required, EmailAddress, StringLength(254)]
    public string Address { get; init; } = "";

    [EmailAddress, StringLength(254)]
    public string? ReplyTo { get; init; }
}
