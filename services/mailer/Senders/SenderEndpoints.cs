using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Senders;

internal static class SenderEndpoints
{
    public static void MapSenders(this RouteGroupBuilder api)
    {
        api.MapGet("/senders", ListAsync).ForStaff(Permission.PublicationRead);
        api.MapPut("/senders", PutAsync).ForStaff(Permission.SendersWrite).AgainWhenOvertaken();
    }

    /// <param name="Verified">False: mail still leaves under the installation's domain.</param>
    internal sealed record SenderView(string? Newsletter, string Name, string Address, string? ReplyTo, bool Verified);

    private static async Task<Ok<ListPage<SenderView>>> ListAsync(CurrentPublication publication, MailerDb db, MailSenders senders, CancellationToken cancellation)
    {
        var kept = await db.Senders.AsNoTracking().Where(s => s.PublicationId == publication.Id).OrderBy(s => s.Id).Take(100).ToListAsync(cancellation);
        var (from, replyTo) = senders.DefaultOf(publication.Snapshot);
        return TypedResults.Ok(new ListPage<SenderView>(
            [new(null, from.Name ?? "", from.Address, replyTo?.Address, true), .. kept.Select(s => ViewOf(publication, s))], null));
    }

    private static async Task<Results<Ok<SenderView>, ValidationProblem>> PutAsync(
        SenderRequest request, CurrentPublication publication, MailerDb db, TimeProvider time, CancellationToken cancellation)
    {
        var newsletter = publication.Snapshot.Newsletters.FirstOrDefault(n => n.Slug == request.Newsletter);
        if (request.Newsletter is not null && newsletter is null) return Problem.Field("newsletter", "There is no such newsletter.");
        if (request.Name.Any(char.IsControl)) return Problem.Field("name", "A name is one line.");
        if (request.Address.Any(char.IsControl)) return Problem.Field("address", "An address is one line.");
        if (request.ReplyTo?.Any(char.IsControl) == true) return Problem.Field("replyTo", "An address is one line.");
        var id = newsletter?.Id;
        db.RemoveRange(await db.Senders.Where(s => s.PublicationId == publication.Id && s.NewsletterId == id).ToListAsync(cancellation));
        var sender = Sender.Of(publication.Id, id, request.Name, request.Address, request.ReplyTo, time);
        db.Add(sender);
        await db.SaveChangesAsync(cancellation);
        return TypedResults.Ok(ViewOf(publication, sender));
    }

    private static SenderView ViewOf(CurrentPublication publication, Sender sender) => new(
        publication.Snapshot.Newsletters.FirstOrDefault(n => n.Id == sender.NewsletterId)?.Slug, sender.Name, sender.Address, sender.ReplyTo, sender.VerifiedAt is not null);
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
