using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Pace;

/// <summary>Editions that our own rates and plans hold back: staff see it, and their letters have their whole time from when they may leave.</summary>
internal static class EditionHolds
{
    // What is held back by a second at a time is written down every half a minute.
    private static readonly TimeSpan Rough = TimeSpan.FromMinutes(1);

    public static Task MarkAsync(MailerDb db, Guid edition, PutOff putOff, DateTimeOffset now, CancellationToken cancellation)
    {
        var until = putOff.Until > now + Rough ? putOff.Until : now + Rough;
        return MarkAsync(db.Editions.Where(e => e.Id == edition && (e.HeldUntil == null || e.HeldUntil < until - Rough / 2)), until, putOff.Reason, cancellation);
    }

    /// <summary>
    /// The account's day is over: all that is due of the publication waits for the next, and is not looked at before. Not by a plan that staff have changed: who looked again for them
    /// has done so already.
    /// </summary>
    public static async Task UntilTomorrowAsync(MailerDb db, Guid publication, ProviderAccount account, DateTimeOffset now, DateTimeOffset tomorrow, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        if (!await account.IsUnchangedAsync(db, cancellation)) return;
        await MarkAsync(
            db.Editions.Where(e => e.PublicationId == publication && (e.State == EditionState.Preparing || e.State == EditionState.Sending)
                && (e.HeldUntil == null || e.HeldUntil < tomorrow || e.HeldReason != PutOff.WarmUp)),
            tomorrow, PutOff.WarmUp, cancellation);
        await db.Batches.Where(b => b.PublicationId == publication && b.State == BatchState.Queued && b.DueAt <= now && !b.StaysWithAccount)
            .ExecuteUpdateAsync(s => s.SetProperty(b => b.DueAt, tomorrow), cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Staff changed the account: what waits for the next day of its plan is looked at again.</summary>
    public static async Task LookAgainAsync(MailerDb db, Guid publication, DateTimeOffset now, CancellationToken cancellation)
    {
        var held = db.Editions.Where(e => e.PublicationId == publication && e.HeldReason == PutOff.WarmUp && e.HeldUntil > now);
        await db.Batches.Where(b => b.PublicationId == publication && b.State == BatchState.Queued && held.Any(e => e.Id == b.EditionId && e.HeldUntil == b.DueAt))
            .ExecuteUpdateAsync(s => s.SetProperty(b => b.DueAt, now), cancellation);
        await held.ExecuteUpdateAsync(s => s.SetProperty(e => e.HeldUntil, (DateTimeOffset?)null).SetProperty(e => e.HeldReason, (string?)null), cancellation);
    }

    private static Task<int> MarkAsync(IQueryable<Edition> editions, DateTimeOffset until, string reason, CancellationToken cancellation)
    {
        var deadline = until + Edition.Patience;
        return editions.ExecuteUpdateAsync(s => s
            .SetProperty(e => e.HeldUntil, until).SetProperty(e => e.HeldReason, reason)
            .SetProperty(e => e.DeadlineAt, e => e.DeadlineAt < deadline ? deadline : e.DeadlineAt), cancellation);
    }
}
