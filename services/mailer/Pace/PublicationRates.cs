using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Copies;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Pace;

/// <summary>For operators: how fast single publications' editions may leave.</summary>
internal static class PublicationRates
{
    public static void MapPublicationRates(this RouteGroupBuilder operations)
    {
        operations.MapGet("/rates", ListAsync).ForStaff(Permission.Operate);
        operations.MapPut("/rates/{slug}", PutAsync).ForStaff(Permission.Operate).AuditedIn<MailerDb>();
        operations.MapDelete("/rates/{slug}", DeleteAsync).ForStaff(Permission.Operate).AuditedIn<MailerDb>();
    }

    private static async Task<Ok<ListPage<PublicationRateView>>> ListAsync(MailerDb db, CancellationToken cancellation, string? cursor = null, [Range(1, 100)] int limit = 50)
    {
        var after = Cursor.Read(cursor) is not { } text ? Guid.Empty : Guid.TryParseExact(text, "N", out var id) ? id : throw new BadHttpRequestException("The cursor is not one that this list gave.");
        var page = await (
            from rate in db.PublicationRates.AsNoTracking()
            join copy in db.Set<PublicationCopy>() on rate.PublicationId equals copy.Id
            where !copy.Deleted && rate.PublicationId > after
            orderby rate.PublicationId
            select new { rate.PublicationId, copy.Slug, rate.Rate }).Take(limit + 1).ToListAsync(cancellation);
        return TypedResults.Ok(new ListPage<PublicationRateView>([.. page.Take(limit).Select(r => new PublicationRateView(r.Slug, r.Rate))], page.Count > limit ? Cursor.Of(page[limit - 1].PublicationId.ToString("N")) : null));
    }

    private static async Task<Results<Ok<PublicationRateView>, ValidationProblem, ProblemHttpResult>> PutAsync(
        string slug, PublicationRateRequest request, MailerDb db, PublicationMails mails, CancellationToken cancellation)
    {
        if (await db.FindPublicationAsync(slug, cancellation) is not { } publication) return Problem.NotFound("There is no such publication.");
        var rate = await db.PublicationRates.SingleOrDefaultAsync(r => r.PublicationId == publication.Id, cancellation);
        if (rate is null) db.Add(rate = PublicationRate.Of(publication.Id));
        rate.Set(request.Rate);
        await db.SaveChangesAsync(cancellation);
        mails.Forget(publication.Id);
        return TypedResults.Ok(new PublicationRateView(slug, request.Rate));
    }

    /// <summary>Its editions leave as fast as their account lets them.</summary>
    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string slug, MailerDb db, PublicationMails mails, CancellationToken cancellation)
    {
        var publication = await db.FindPublicationAsync(slug, cancellation);
        if (publication is null || await db.PublicationRates.SingleOrDefaultAsync(r => r.PublicationId == publication.Id, cancellation) is not { } rate) return Problem.NotFound("It has no rate.");
        db.Remove(rate);
        await db.SaveChangesAsync(cancellation);
        mails.Forget(publication.Id);
        return TypedResults.NoContent();
    }
}

/// <param name="Publication">Its slug.</param>
/// <param name="Rate">Letters of editions a second.</param>
internal sealed record PublicationRateView(string Publication, double Rate);

public sealed record PublicationRateRequest
{
    /// <summary>Letters a second.</summary>
    [Range(AccountLimits.LeastRate, AccountLimits.MostRate)]
    public double Rate { get; init; }
}
