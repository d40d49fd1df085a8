using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Defaults.Problems;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Letters;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

internal static class EditionActions
{
    public static void MapEditionActions(this RouteGroupBuilder api)
    {
        api.MapPost("/editions/{id:guid}/pause", PauseAsync).ForStaff(Permission.EditionsWrite).AgainWhenOvertaken();
        api.MapPost("/editions/{id:guid}/resume", ResumeAsync).ForStaff(Permission.EditionsWrite).AgainWhenOvertaken();
        api.MapPost("/editions/{id:guid}/cancel", CancelAsync).ForStaff(Permission.EditionsWrite).AgainWhenOvertaken();
        api.MapPost("/editions/{id:guid}/batches/{batch:guid}/settle", SettleAsync).ForStaff(Permission.EditionsWrite);
        api.MapPost("/editions/{id:guid}/batches/{batch:guid}/resend", ResendAsync).ForStaff(Permission.EditionsWrite);
        api.MapPost("/editions/test", TestAsync).ForStaff(Permission.EditionsWrite).ClosedWhileSuspended();
    }

    private static Task<Results<Ok<EditionView>, ProblemHttpResult>> PauseAsync(
        Guid id, CurrentPublication publication, MailerDb db, TimeProvider time, EditionWorker worker, CancellationToken cancellation) =>
        ChangeAsync(id, publication, db, worker, e => e.Pause("staff", time), "It is over, or paused already.", cancellation);

    private static async Task<Results<Ok<EditionView>, ProblemHttpResult>> ResumeAsync(
        Guid id, CurrentPublication publication, MailerDb db, TimeProvider time, EditionWorker worker, BatchSweeper sweeper, CancellationToken cancellation)
    {
        if (publication.Snapshot.Suspended) return Problem.Conflict("It goes on when the publication is no longer suspended.");
        var seen = (await EditionHealth.OfAsync(db, [id], cancellation))[id];
        return await ChangeAsync(id, publication, db, worker, e => e.Resume(seen, time), "It is not paused.", cancellation, sweeper.Wake);
    }

    private static async Task<Results<Ok<EditionView>, ProblemHttpResult>> CancelAsync(
        Guid id, CurrentPublication publication, MailerDb db, EditionClosing closing, TimeProvider time, EditionWorker worker, CancellationToken cancellation)
    {
        var answer = await ChangeAsync(id, publication, db, worker, e => e.Cancel(time), "It is over.", cancellation);
        if (answer.Result is Ok<EditionView>) await closing.CancelRestAsync(id, cancellation);
        return answer;
    }

    private static async Task<Results<Ok<EditionView>, ProblemHttpResult>> ChangeAsync(
        Guid id, CurrentPublication publication, MailerDb db, EditionWorker worker, Func<Edition, bool> change, string refusal,
        CancellationToken cancellation, Action? then = null)
    {
        var edition = await db.Editions.SingleOrDefaultAsync(e => e.Id == id && e.PublicationId == publication.Id, cancellation);
        if (edition is null) return Problem.NotFound("There is no such edition.");
        if (!change(edition)) return Problem.Conflict(refusal);
        await db.SaveChangesAsync(cancellation);
        worker.Wake();
        then?.Invoke();
        return TypedResults.Ok(EditionView.Of(edition));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> SettleAsync(
        Guid id, Guid batch, CurrentPublication publication, MailerDb db, BatchRecovery recovery, EditionWorker worker, CancellationToken cancellation)
    {
        if (await UncertainAsync(id, batch, publication, db, cancellation) is not { } uncertain) return NotUncertain();
        if (!await recovery.SettleAsync(uncertain, cancellation)) return NotUncertain();
        worker.Wake();
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> ResendAsync(
        Guid id, Guid batch, CurrentPublication publication, MailerDb db, BatchRecovery recovery, BatchSweeper sweeper, CancellationToken cancellation)
    {
        if (await UncertainAsync(id, batch, publication, db, cancellation) is not { } uncertain) return NotUncertain();
        if (!await recovery.ResendAsync(uncertain, "resent_by_staff", cancellation)) return NotUncertain();
        sweeper.Wake();
        return TypedResults.NoContent();
    }

    private static ProblemHttpResult NotUncertain() => Problem.NotFound("There is no such uncertain batch.");

    private static Task<Batch?> UncertainAsync(Guid edition, Guid batch, CurrentPublication publication, MailerDb db, CancellationToken cancellation) =>
        db.Batches.AsNoTracking().SingleOrDefaultAsync(
            b => b.Id == batch && b.EditionId == edition && b.PublicationId == publication.Id && b.State == BatchState.Uncertain, cancellation);

    /// <summary>The fullest cut of a post, to one address, on no ledger.</summary>
    private static async Task<Results<Accepted, ValidationProblem, ProblemHttpResult>> TestAsync(
        TestRequest request, CurrentPublication publication, MailerDb db, Proofs proofs, CancellationToken cancellation)
    {
        if (Proofs.FaultOf(request.To) is { } fault) return fault;
        var post = await db.Posts.AsNoTracking().Where(p => p.PublicationId == publication.Id && p.Slug == request.Post && p.Published).FirstOrDefaultAsync(cancellation);
        if (post is null) return Problem.NotFound("There is no such published post.");
        return await proofs.SendAsync(publication.Snapshot, post.Snapshot, request.To, cancellation);
    }
}

public sealed record TestRequest
{
    /// <summary>The post's slug. It must have been published: what mail is made of comes with that.</summary>
    [Required, StringLength(200)]
    public string Post { get; init; } = "";

    [Required, EmailAddress, StringLength(254)]
    public string To { get; init; } = "";
}
