using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>Moves a batch's letters from state to state. Every move names the states it may start from, so that a later fact is never undone.</summary>
internal sealed class Ledger(MailerDb db, TimeProvider time)
{
    /// <summary>
    /// Commits are the caller's. Answers whose letters may be handed to the provider now: those that this call moved, and no others. Staff may have
    /// cancelled some a moment ago, and what is sending already is on somebody's way. Of an edition that was paused or cancelled, nobody's: in any process
    /// the next call is the first that does not happen.
    /// </summary>
    /// <param name="isRest">Nothing else of the batch is queued: then nobody needs to be named.</param>
    /// <param name="isAgain">
    /// The commit of the same call was not answered and may have happened: what is sending then is so by this call, for its batch has been ours since.
    /// </param>
    public async Task<HashSet<Guid>> BeginAsync(Batch batch, IReadOnlyList<Addressee> slice, bool isRest, bool isAgain, CancellationToken cancellation)
    {
        var ids = slice.Select(a => a.SubscriberId).ToArray();
        var named = isRest ? [] : ids;
        var (queued, sending) = ((short)DeliveryState.Queued, (short)DeliveryState.Sending);
        var last = isAgain ? sending : queued;
        var (preparing, going) = ((int)EditionState.Preparing, (int)EditionState.Sending);
        var moved = db.IsSqlite
            ? db.Database.SqlQuery<Guid>(
                $"""
                UPDATE deliveries SET state = {sending}
                WHERE batch_id = {batch.Id} AND state BETWEEN {queued} AND {last}
                  AND ({isAgain} OR EXISTS (SELECT 1 FROM editions WHERE id = {batch.EditionId} AND paused_at IS NULL AND state IN ({preparing}, {going})))
                  AND ({isRest} OR subscriber_id IN (SELECT value FROM json_each({IdsAsText(named)}))) RETURNING subscriber_id
                """)
            : db.Database.SqlQuery<Guid>(
                $"""
                UPDATE deliveries SET state = {sending}
                WHERE batch_id = {batch.Id} AND state BETWEEN {queued} AND {last}
                  AND ({isAgain} OR EXISTS (SELECT 1 FROM editions WHERE id = {batch.EditionId} AND paused_at IS NULL AND state IN ({preparing}, {going})))
                  AND ({isRest} OR subscriber_id = ANY({named})) RETURNING subscriber_id
                """);
        HashSet<Guid> begun = [.. await moved.ToListAsync(cancellation)];
        return begun.IsSubsetOf(ids) ? begun : throw new InvalidOperationException($"Letters of batch {batch.Id} were queued while it was being sent.");
    }

    public async Task LeaveOutAsync(Batch batch, Addressees addressees, CancellationToken cancellation)
    {
        foreach (var (reason, ids) in addressees.Skipped) await EndAsync(batch, ids, DeliveryState.Skipped, reason, cancellation);
        if (addressees.Suppressed.Count > 0) await EndAsync(batch, addressees.Suppressed, DeliveryState.Suppressed, null, cancellation);
    }

    public Task FailQueuedAsync(Batch batch, string reason, CancellationToken cancellation) =>
        MoveAsync(Of(batch).Where(d => d.State == DeliveryState.Queued), DeliveryState.Failed, reason, cancellation);

    /// <param name="areAll">They are all that is being sent of the batch, and nothing else is begun with them.</param>
    public async Task RecordAsync(Batch batch, IReadOnlyList<SendOutcome> outcomes, bool areAll, CancellationToken cancellation)
    {
        // Most calls: nobody needs to be named.
        if (areAll && outcomes.Count > 1 && outcomes.All(o => o is SendOutcome.Accepted))
        {
            await AcceptAsync(Of(batch).Where(d => d.State == DeliveryState.Sending), cancellation);
            return;
        }
        foreach (var group in outcomes.GroupBy(o => (Kind: o.GetType(), Code: CodeOf(o))))
        {
            var ids = group.Select(o => Guid.ParseExact(o.Key, "N")).ToList();
            var letters = Of(batch, ids);
            switch (group.First())
            {
                case SendOutcome.Accepted:
                    await AcceptAsync(letters.Where(d => d.State < DeliveryState.Accepted), cancellation);
                    break;
                case SendOutcome.Rejected { AddressIsBad: true }:
                    await MoveAsync(letters.Where(d => d.State < DeliveryState.Bounced), DeliveryState.Bounced, group.Key.Code, cancellation);
                    break;
                case SendOutcome.Rejected:
                    await MoveAsync(letters.Where(d => d.State < DeliveryState.Failed), DeliveryState.Failed, group.Key.Code, cancellation);
                    break;
                case SendOutcome.Deferred:
                    await MoveAsync(letters.Where(d => d.State == DeliveryState.Sending), DeliveryState.Queued, group.Key.Code, cancellation);
                    break;
                default:
                    await MoveAsync(letters.Where(d => d.State == DeliveryState.Sending), DeliveryState.Uncertain, group.Key.Code, cancellation);
                    break;
            }
        }
        await FailureTexts.KeepAsync(db, batch.EditionId, outcomes.OfType<SendOutcome.Rejected>().Select(o => (o.Code, o.Text)), cancellation);
    }

    /// <summary>Whoever was sending them is not heard of any more: they may have left, or not.</summary>
    public Task LoseAsync(Batch batch, CancellationToken cancellation) =>
        MoveAsync(Of(batch).Where(d => d.State == DeliveryState.Sending), DeliveryState.Uncertain, "lost", cancellation);

    /// <summary>The provider took them, as it turned out.</summary>
    public async Task SettleAsync(Batch batch, CancellationToken cancellation)
    {
        var settled = await Of(batch).Where(d => d.State == DeliveryState.Uncertain).ExecuteUpdateAsync(s => s
            .SetProperty(d => d.State, DeliveryState.Accepted).SetProperty(d => d.Reason, "settled").SetProperty(d => d.AcceptedAt, time.GetUtcNow()), cancellation);
        DeliveryMetrics.Moved(DeliveryState.Accepted, settled);
    }

    public Task QueueAgainAsync(Batch batch, string reason, CancellationToken cancellation) =>
        MoveAsync(Of(batch).Where(d => d.State == DeliveryState.Uncertain), DeliveryState.Queued, reason, cancellation);

    public Task<bool> AnyAsync(Batch batch, DeliveryState state, CancellationToken cancellation) =>
        Of(batch).AnyAsync(d => d.State == state, cancellation);

    private async Task AcceptAsync(IQueryable<Delivery> letters, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        var accepted = await letters.ExecuteUpdateAsync(s => s.SetProperty(d => d.State, DeliveryState.Accepted).SetProperty(d => d.AcceptedAt, now), cancellation);
        DeliveryMetrics.Moved(DeliveryState.Accepted, accepted);
    }

    private Task EndAsync(Batch batch, List<Guid> ids, DeliveryState state, string? reason, CancellationToken cancellation) =>
        MoveAsync(Of(batch, ids).Where(d => d.State == DeliveryState.Queued), state, reason, cancellation);

    private static async Task MoveAsync(IQueryable<Delivery> letters, DeliveryState state, string? reason, CancellationToken cancellation)
    {
        var moved = await letters.ExecuteUpdateAsync(s => s.SetProperty(d => d.State, state).SetProperty(d => d.Reason, reason), cancellation);
        DeliveryMetrics.Moved(state, moved);
    }

    private static string? CodeOf(SendOutcome outcome) => outcome switch
    {
        SendOutcome.Rejected rejected => rejected.Code,
        SendOutcome.Deferred deferred => deferred.Code,
        SendOutcome.Unknown unknown => unknown.Code,
        _ => null,
    };

    /// <summary>As SQLite keeps ids: text in capitals.</summary>
    private static string IdsAsText(Guid[] ids) => JsonSerializer.Serialize(ids.Select(id => id.ToString().ToUpperInvariant()));

    private IQueryable<Delivery> Of(Batch batch) => db.LettersOf(batch.Id);

    private IQueryable<Delivery> Of(Batch batch, List<Guid> subscribers) =>
        subscribers.Count == 1 && subscribers[0] is var one
            ? Of(batch).Where(d => d.EditionId == batch.EditionId && d.SubscriberId == one)
            : Of(batch).Where(d => subscribers.Contains(d.SubscriberId));
}
