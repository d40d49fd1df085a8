using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Storage;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Deliverability;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Webhooks;

namespace Newsletter.Mailer.Deliveries;

/// <summary>
/// Sends one batch: claim, commit as sending, call the provider, record. Whatever dies in between leaves rows that say how far it came:
/// queued was never handed over, sending may have been.
/// </summary>
internal sealed class BatchSender(MailerDb db, Ledger ledger, BatchLease leases, LetterSteps steps, LetterDesk desk, PaceDesk pace, AddressBook addresses, TallyBook tallies, PublicationMails mails, IOptions<MailOptions> options, SharedClock clock, TimeProvider time)
{
    private const int MostRecordTries = 300;

    public async Task SendAsync(Turn turn, CancellationToken cancellation)
    {
        var batchId = turn.Batch;
        var lease = Guid.CreateVersion7();
        if (!await ClaimAsync(batchId, lease, cancellation)) return;
        var batch = await db.Batches.AsNoTracking().SingleAsync(b => b.Id == batchId, cancellation);
        var edition = await db.Editions.AsNoTracking().SingleAsync(e => e.Id == batch.EditionId, cancellation);
        using var step = Continue(edition, turn.Waker);
        var mail = await mails.OfAsync(batch.PublicationId, cancellation);
        var account = mail.Route.Choose(batch.StaysWithAccount ? batch.AccountId : null);
        // Before any letter is handed over: should we die, whoever looks at it knows who may have it.
        await db.Batches.Where(b => b.Id == batchId && b.LeaseId == lease).ExecuteUpdateAsync(s => s
            .SetProperty(b => b.Provider, account.Name)
            .SetProperty(b => b.AccountId, account.Id)
            .SetProperty(b => b.TraceParent, step == null ? null : step.Id), cancellation);

        await using var held = leases.Hold(batchId, lease);
        var delivered = await DeliverAsync(turn, batch, edition, mail, account, lease, cancellation);
        // Nor is this cancelled: another process goes on at once, and not when our lease has run out.
        await ReleaseAsync(batch, edition, account, lease, delivered, CancellationToken.None);
    }

    private async Task<bool> ClaimAsync(Guid batchId, Guid lease, CancellationToken cancellation)
    {
        var now = await clock.NowAsync(cancellation);
        var claimed = await db.Batches
            .Where(b => b.Id == batchId && b.State == BatchState.Queued && b.DueAt <= now && (b.LeaseUntil == null || b.LeaseUntil < now))
            .Where(b => db.Editions.Any(e => e.Id == b.EditionId && e.PausedAt == null && (e.State == EditionState.Preparing || e.State == EditionState.Sending)))
            .ExecuteUpdateAsync(s => s
                .SetProperty(b => b.State, BatchState.Sending)
                .SetProperty(b => b.LeaseId, lease)
                .SetProperty(b => b.LeaseUntil, now + options.Value.Lease)
                .SetProperty(b => b.Attempts, b => b.Attempts + 1)
                .SetProperty(b => b.SentAt, now)
                .SetProperty(b => b.FirstEventAt, (DateTimeOffset?)null), cancellation);
        return claimed == 1;
    }

    private async Task<Delivered> DeliverAsync(Turn turn, Batch batch, Edition edition, PublicationMail mail, ProviderAccount account, Guid lease, CancellationToken cancellation)
    {
        if (await clock.NowAsync(cancellation) > edition.DeadlineAt)
        {
            await ledger.FailQueuedAsync(batch, "deadline", cancellation);
            return default;
        }
        var variant = await db.Variants.AsNoTracking().SingleAsync(v => v.Id == batch.VariantId, cancellation);
        var addressees = await Addressees.OfAsync(db, batch, edition, variant, time.GetUtcNow(), cancellation);
        await ledger.LeaveOutAsync(batch, addressees, cancellation);
        if (addressees.Stay.Count == 0) return default;
        var letters = await desk.LettersAsync(db, batch, edition, variant, mail, account, cancellation);

        // Its letters are not all alike: a provider may need several calls for them.
        var mixed = addressees.Stay.Any(a => a.Blocks is not null) ? variant.List : null;
        IReadOnlyList<SendOutcome> outcomes = [];
        TimeSpan? retryAfter = null;
        PutOff? stopped = null;
        var isSliced = false;
        using var paced = pace.Begin(db, turn, batch, mail, account, addressees.Stay, mixed is null ? account.Provider.MaxBatch : account.Provider.MaxBatchOf(mixed, [.. addressees.Stay.Select(a => a.Blocks)]));
        while (await NextAsync() is { } slice)
        {
            if (!batch.IsSliced && !isSliced && (mixed is not null || slice.Length < addressees.Stay.Count || (batch.Attempts > 1 && slice.Length < batch.Size))) isSliced = await SliceAsync(batch, cancellation);
            // One commit between two calls: what became of the last letters, and that the next ones are about to be handed over.
            var going = await StepAsync(batch, lease, outcomes, slice, slice.Length == addressees.Stay.Count, cancellation);
            if (going is null) return default;
            outcomes = going.Count == 0 ? [] : await CallAsync(account, letters.Of([.. slice.Where(a => going.Contains(a.SubscriberId))]));
            paced.Told(outcomes);
            if (going.Count == 0 && await IsStoppedAsync(edition.Id, cancellation))
            {
                // Nothing but somebody's word holds the letters up.
                stopped = new(clock.Now, PutOff.Stopped);
                break;
            }
            retryAfter = outcomes.OfType<SendOutcome.Deferred>().Max(d => d.RetryAfter) ?? retryAfter;
            // The rest stays queued, for the fallback or a later try.
            if (account.Circuit.State == CircuitState.Open) break;
        }
        await RecordAsync();
        await paced.EndAsync(CancellationToken.None);
        return new(retryAfter, stopped ?? paced.PutOff);

        async Task RecordAsync()
        {
            if (outcomes.Count > 0) await StepAsync(batch, lease, outcomes, [], false, CancellationToken.None);
            outcomes = [];
        }

        async Task<Addressee[]?> NextAsync()
        {
            try
            {
                return await paced.NextAsync(RecordAsync, cancellation);
            }
            catch (Exception e) when (outcomes.Count > 0 && DatabaseFailure.IsAway(e))
            {
                await RecordAsync();
                return await paced.NextAsync(RecordAsync, cancellation);
            }
        }
    }

    /// <summary>Before its letters are handed over, like all that whoever finds them uncertain must know.</summary>
    private async Task<bool> SliceAsync(Batch batch, CancellationToken cancellation) =>
        await db.Batches.Where(b => b.Id == batch.Id).ExecuteUpdateAsync(s => s.SetProperty(b => b.IsSliced, true), cancellation) == 1;

    private Task<bool> IsStoppedAsync(Guid edition, CancellationToken cancellation) =>
        db.Editions.AnyAsync(e => e.Id == edition && (e.PausedAt != null || e.State == EditionState.Cancelled), cancellation);

    /// <summary>
    /// Answers that are known are not given up because the database is away for a while: without them the letters would be uncertain. Nor would anybody else know that
    /// letters which are about to be handed over have not been, where the commit happened and its answer was lost. The same where an edition is cancelled whose letters are being
    /// written down in another order, and where somebody else learns of an address at the same moment.
    /// </summary>
    private async Task<HashSet<Guid>?> StepAsync(Batch batch, Guid lease, IReadOnlyList<SendOutcome> outcomes, Addressee[] next, bool isRest, CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return await StepOnceAsync(batch, lease, outcomes, next, isRest, isAgain: tries > 1, outcomes.Count > 0 ? CancellationToken.None : cancellation);
            }
            catch (Exception e) when (tries < MostRecordTries && (DatabaseFailure.IsAway(e) || DatabaseFailure.IsDeadlock(e) || (e is DbUpdateException lost && DatabaseFailure.IsLostRace(lost))) && (outcomes.Count > 0 || !cancellation.IsCancellationRequested))
            {
                await Task.Delay(TimeSpan.FromSeconds(1), outcomes.Count > 0 ? CancellationToken.None : cancellation);
            }
        }
    }

    /// <returns>Whose letters may be handed over now; null when the batch was taken over by somebody else.</returns>
    private async Task<HashSet<Guid>?> StepOnceAsync(Batch batch, Guid lease, IReadOnlyList<SendOutcome> outcomes, Addressee[] next, bool isRest, bool isAgain, CancellationToken cancellation)
    {
        if (!isAgain && !db.IsSqlite && outcomes is [SendOutcome.Accepted last] && next is [var one]
            && await steps.TakeAsync(new(batch.EditionId, batch.Id, lease, Guid.ParseExact(last.Key, "N"), one.SubscriberId)) is { } mayGo) return mayGo ? [one.SubscriberId] : [];
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var isOurs = await leases.RenewAsync(db, batch.Id, lease, cancellation);
        // What the provider decided is a fact, whoever holds the batch; who waits or is in doubt, its holder decides.
        var known = isOurs ? outcomes : [.. outcomes.Where(o => o is SendOutcome.Accepted or SendOutcome.Rejected)];
        await ledger.RecordAsync(batch, known, areAll: isOurs && next.Length == 0, cancellation);
        if (!isOurs && known.Count > 0) await tallies.MarkAsync(batch.EditionId, batch.Id, cancellation);
        await LearnAsync(batch, known, cancellation);
        HashSet<Guid>? going = !isOurs ? null : next.Length == 0 ? [] : await ledger.BeginAsync(batch, next, isRest, isAgain, cancellation);
        await transaction.CommitAsync(cancellation);
        return going;
    }

    /// <summary>A mailbox that does not exist is as bad when the provider says so at once as when a bounce tells it later.</summary>
    private async Task LearnAsync(Batch batch, IReadOnlyList<SendOutcome> outcomes, CancellationToken cancellation)
    {
        List<LetterEvent> bounced =
        [
            .. outcomes.OfType<SendOutcome.Rejected>().Where(r => r.AddressIsBad).Select(r => new LetterEvent(
                new("", EventKind.Bounce, "", time.GetUtcNow()) { Reason = r.Code }, batch.PublicationId, batch.EditionId, Guid.ParseExact(r.Key, "N"))),
        ];
        if (bounced.Count == 0) return;
        db.ChangeTracker.Clear();
        await addresses.LearnAsync(bounced, cancellation);
        await db.SaveChangesAsync(cancellation);
    }

    /// <summary>Not cancelled when the process stops: a call that was begun is worth its answer.</summary>
    private static async Task<IReadOnlyList<SendOutcome>> CallAsync(ProviderAccount account, OutgoingBatch letters)
    {
        using var step = NewsletterTelemetry.Activities.StartActivity($"mail send {account.Name}", ActivityKind.Client);
        step?.SetTag("newsletter.letters", letters.Letters.Count);
        var outcomes = await account.SendAsync(letters, CancellationToken.None);
        step?.SetTag("newsletter.outcome", ProviderMetrics.OutcomeOf(outcomes));
        return outcomes;
    }

    private async Task ReleaseAsync(Batch batch, Edition edition, ProviderAccount account, Guid lease, Delivered delivered, CancellationToken cancellation)
    {
        var putOff = delivered.PutOff;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // The account before the batch, as where all of a publication's are put off.
        var isPlanOld = putOff is { Reason: PutOff.WarmUp } && !await account.IsUnchangedAsync(db, cancellation);
        if (!await leases.RenewAsync(db, batch.Id, lease, cancellation)) return;
        var now = await clock.NowAsync(cancellation);
        var tally = (await tallies.CountAsync(batch.EditionId, [batch.Id], cancellation)).GetValueOrDefault(batch.Id)?.Tally;
        var queued = tally is { Queued: > 0 };
        var inDoubt = tally is { Uncertain: > 0 };
        var state = queued ? BatchState.Queued : inDoubt ? BatchState.Uncertain : BatchState.Done;
        var dueAt = !queued ? batch.DueAt : putOff?.Until ?? now + Backoff.After(batch.Attempts, delivered.RetryAfter);
        if (queued && putOff is null && pace.Holds.Until(account.Id) + SendingHolds.Priority is { } free && dueAt < free) dueAt = free;
        if (queued && isPlanOld) dueAt = now;
        // At the deadline it is looked at once more, to be closed.
        if (putOff is not { IsOurs: true } && dueAt > edition.DeadlineAt && edition.DeadlineAt > now) dueAt = edition.DeadlineAt;
        await db.Batches.Where(b => b.Id == batch.Id && b.LeaseId == lease).ExecuteUpdateAsync(s => s
            .SetProperty(b => b.State, state)
            .SetProperty(b => b.DueAt, dueAt)
            .SetProperty(b => b.Attempts, b => putOff == null ? b.Attempts : b.Attempts - 1)
            .SetProperty(b => b.StaysWithAccount, b => b.StaysWithAccount || inDoubt)
            .SetProperty(b => b.FinishedAt, state == BatchState.Done ? now : null)
            .SetProperty(b => b.LeaseId, (Guid?)null)
            .SetProperty(b => b.LeaseUntil, (DateTimeOffset?)null), cancellation);
        await transaction.CommitAsync(cancellation);
        if (isPlanOld) mails.Forget(batch.PublicationId);
    }

    /// <param name="RetryAfter">When the provider wants to be asked again, if it said so.</param>
    /// <param name="PutOff">Why letters are left that nobody refused, and until when.</param>
    private readonly record struct Delivered(TimeSpan? RetryAfter, PutOff? PutOff);

    private static Activity? Continue(Edition edition, ActivityContext waker)
    {
        if (waker == default) ActivityContext.TryParse(edition.TraceParent, edition.TraceState, isRemote: true, out waker);
        return NewsletterTelemetry.Activities.StartActivity("deliver batch", ActivityKind.Internal, waker);
    }
}
