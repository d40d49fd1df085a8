using System.ComponentModel.DataAnnotations;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Senders;

/// <summary>From-domains, the records that they need, and what DNS says of them.</summary>
internal static partial class DomainEndpoints
{
    public static void MapSenderDomains(this RouteGroupBuilder api)
    {
        api.MapGet("/senders/domains", ListAsync).ForStaff(Permission.PublicationRead);
        api.MapPut("/senders/domains/{domain}", PutAsync).ForStaff(Permission.SendersWrite).AgainWhenOvertaken();
        api.MapPost("/senders/domains/{domain}/check", CheckAsync).ForStaff(Permission.SendersWrite).AgainWhenOvertaken();
        api.MapDelete("/senders/domains/{domain}", DeleteAsync).ForStaff(Permission.SendersWrite).AgainWhenOvertaken();
    }

    private static async Task<Ok<ListPage<SenderDomainView>>> ListAsync(CurrentPublication publication, MailerDb db, PublicationMails mails, CancellationToken cancellation)
    {
        var domains = await db.SenderDomains.AsNoTracking().Where(d => d.PublicationId == publication.Id).OrderBy(d => d.Domain).Take(SenderDomains.Most).ToListAsync(cancellation);
        var needs = DomainCheck.NeedsOf((await mails.OfAsync(publication.Id, cancellation)).Route);
        return TypedResults.Ok(new ListPage<SenderDomainView>([.. domains.Select(d => SenderDomainView.Of(d, needs))], null));
    }

    /// <summary>Adds it where it is new, and looks at once.</summary>
    private static async Task<Results<Ok<SenderDomainView>, ValidationProblem, ProblemHttpResult>> PutAsync(
        string domain, SenderDomainRequest request, CurrentPublication publication, MailerDb db, SenderDomains domains, PublicationMails mails, DomainCheck check, TimeProvider time, CancellationToken cancellation)
    {
        if (MailDomain.Ascii(domain) is not { } name) return Problem.Field("domain", "A domain, such as news.example.");
        if (FaultOf(request, name) is var (field, message)) return Problem.Field(field, message);
        if (await domains.FindOrAddAsync(db, publication.Id, name, cancellation) is not { } row) return Problem.Conflict($"A publication has at most {SenderDomains.Most} from-domains.");
        var selectors = (request.Selectors ?? new Dictionary<string, string>()).Where(s => s.Value.Trim().Length > 0).ToDictionary(s => s.Key, s => s.Value.Trim().ToLowerInvariant());
        row.Set(selectors, request.ReturnPath is { Length: > 0 } host ? MailDomain.Ascii(host) : null, time);
        return TypedResults.Ok(await LookAsync(row, db, mails, check, cancellation));
    }

    private static async Task<Results<Ok<SenderDomainView>, ProblemHttpResult>> CheckAsync(
        string domain, CurrentPublication publication, MailerDb db, PublicationMails mails, DomainCheck check, CancellationToken cancellation) =>
        await FindAsync(db, publication.Id, domain, cancellation) is { } row ? TypedResults.Ok(await LookAsync(row, db, mails, check, cancellation)) : Problem.NotFound("There is no such from-domain.");

    /// <summary>Its senders are kept; their letters leave under the installation's domain.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string domain, CurrentPublication publication, MailerDb db, PublicationMails mails, CancellationToken cancellation)
    {
        if (await FindAsync(db, publication.Id, domain, cancellation) is not { } row) return Problem.NotFound("There is no such from-domain.");
        db.Remove(row);
        await db.SaveChangesAsync(cancellation);
        mails.Forget(publication.Id);
        return TypedResults.NoContent();
    }

    private static async Task<SenderDomainView> LookAsync(SenderDomain row, MailerDb db, PublicationMails mails, DomainCheck check, CancellationToken cancellation)
    {
        mails.Forget(row.PublicationId);
        var route = (await mails.OfAsync(row.PublicationId, cancellation)).Route;
        await check.CheckAsync(row, route, cancellation);
        await db.SaveChangesAsync(cancellation);
        mails.Forget(row.PublicationId);
        return SenderDomainView.Of(row, DomainCheck.NeedsOf(route));
    }

    private static async Task<SenderDomain?> FindAsync(MailerDb db, Guid publication, string domain, CancellationToken cancellation) =>
        MailDomain.Ascii(domain) is { } name ? await db.SenderDomains.SingleOrDefaultAsync(d => d.PublicationId == publication && d.Domain == name, cancellation) : null;

    private static (string Field, string Message)? FaultOf(SenderDomainRequest request, string domain)
    {
        foreach (var (provider, selector) in request.Selectors ?? new Dictionary<string, string>())
        {
            if (provider is not ("sendgrid" or "ses")) return ("selectors", "Selectors are sendgrid's and ses's.");
            if (selector is null || (selector.Trim().Length > 0 && !Selector().IsMatch(selector.Trim()))) return ("selectors", "A selector is a label of DNS, such as s1.");
        }
        if (request.ReturnPath is not { Length: > 0 } host) return null;
        return MailDomain.Ascii(host) is { } name && name.EndsWith($".{domain}", StringComparison.Ordinal) ? null : ("returnPath", "A host below the domain.");
    }

    [GeneratedRegex("^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex Selector();
}

public sealed record SenderDomainRequest
{
    /// <summary>By provider (<c>sendgrid</c>, <c>ses</c>): the name before <c>._domainkey</c> under which its DKIM key is.</summary>
    public IReadOnlyDictionary<string, string>? Selectors { get; init; }

    /// <summary>The host below the domain where such a provider takes bounces, if it has one.</summary>
    [StringLength(253)]
    public string? ReturnPath { get; init; }
}

/// <param name="Verified">Letters leave under it, through the providers of <paramref name="VerifiedFor"/>.</param>
/// <param name="FailingSince">Since when its records are gone or wrong; after three days it is verified no longer.</param>
internal sealed record SenderDomainView(
    string Domain, bool Verified, IReadOnlyList<string> VerifiedFor, DateTimeOffset? CheckedAt, DateTimeOffset? FailingSince, IReadOnlyDictionary<string, string> Selectors,
    string? ReturnPath, IReadOnlyList<DnsRecord> Records)
{
    public static SenderDomainView Of(SenderDomain d, IReadOnlyList<(string Provider, DomainNeeds Needs)> needs) => new(
        d.Domain, d.VerifiedFor.Count > 0, d.VerifiedFor, d.CheckedAt, d.FailingSince, d.Selectors, d.ReturnPath,
        // Of those that are needed now: since the last look, letters may leave through somebody else.
        [.. DomainRecords.Of(d, needs).Select(r => d.Records.FirstOrDefault(k => (k.Purpose, k.Provider, k.Name, k.Value) == (r.Purpose, r.Provider, r.Name, r.Value)) ?? r)]);
}
