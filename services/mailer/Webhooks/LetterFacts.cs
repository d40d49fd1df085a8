using System.Linq.Expressions;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Query;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Webhooks;

/// <summary>Writes events into an edition's ledger. Each statement names what it may change, so later facts win in any order, and what it changed is counted.</summary>
internal sealed class LetterFacts(MailerDb db, TimeProvider time)
{
    public async Task<Pulses> RecordAsync(Guid edition, List<LetterEvent> events, CancellationToken cancellation)
    {
        var (pulses, now) = (new Pulses(), time.GetUtcNow());
        if (events.Exists(IsEngagement) && !await Engagement.IsCountedAsync(db, edition, cancellation)) events = events.FindAll(e => !IsEngagement(e));
        var batches = await BatchesOfAsync(edition, events, cancellation);
        // Events of one kind and second go in one statement: a thousand of them are a handful.
        foreach (var group in events.GroupBy(e => (e.Event.Kind, e.Event.At, e.Event.Reason, IsFound: e.Event.Batch is { } batch && batches.Contains(batch))).OrderBy(g => g.Key.Kind))
        {
            var (kind, at, reason, isFound) = group.Key;
            var readers = group.Select(e => e.Subscriber).OfType<Guid>().Distinct().ToList();
            var letters = (isFound ? db.LettersOf([.. group.Select(e => e.Event.Batch!.Value).Distinct()]) : db.Deliveries.Where(d => d.EditionId == edition))
                .Where(d => readers.Contains(d.SubscriberId));
            var counts = pulses.At(at, now);
            switch (kind)
            {
                case EventKind.Processed:
                    await MoveAsync(letters, DeliveryState.Accepted, s => s.SetProperty(d => d.AcceptedAt, d => d.AcceptedAt ?? at), cancellation);
                    break;
                case EventKind.Delivered:
                    // The second statement finds only letters that are told to have bounced already.
                    await MoveAsync(letters, DeliveryState.Delivered, s => s.SetProperty(d => d.DeliveredAt, at), cancellation);
                    await FillAsync(letters.Where(d => d.DeliveredAt == null), s => s.SetProperty(d => d.DeliveredAt, at), cancellation);
                    break;
                case EventKind.Bounce or EventKind.SoftBounce or EventKind.Blocked:
                    var why = kind == EventKind.Blocked ? "blocked" : reason;
                    await MoveAsync(letters, DeliveryState.Bounced, s => s.SetProperty(d => d.BouncedAt, at).SetProperty(d => d.Reason, why), cancellation);
                    break;
                case EventKind.Dropped:
                    await MoveAsync(letters, DeliveryState.Failed, s => s.SetProperty(d => d.Reason, reason), cancellation);
                    break;
                case EventKind.Open:
                    counts.Opens += await FillAsync(Counted(letters).Where(d => d.OpenedAt == null), s => s.SetProperty(d => d.OpenedAt, at), cancellation);
                    break;
                case EventKind.MachineOpen:
                    counts.MachineOpens += await FillAsync(Counted(letters).Where(d => d.MachineOpenedAt == null), s => s.SetProperty(d => d.MachineOpenedAt, at), cancellation);
                    break;
                case EventKind.Click:
                    counts.Opens += await FillAsync(Counted(letters).Where(d => d.OpenedAt == null), s => s.SetProperty(d => d.OpenedAt, at), cancellation);
                    counts.Clicks += await FillAsync(Counted(letters).Where(d => d.ClickedAt == null), s => s.SetProperty(d => d.ClickedAt, at), cancellation);
                    break;
                case EventKind.SpamReport:
                    counts.Complaints += await FillAsync(letters.Where(d => d.ComplainedAt == null), s => s.SetProperty(d => d.ComplainedAt, at), cancellation);
                    break;
                case EventKind.Unsubscribe:
                    counts.Unsubscribes += await FillAsync(letters.Where(d => d.UnsubscribedAt == null), s => s.SetProperty(d => d.UnsubscribedAt, at), cancellation);
                    break;
            }
        }
        await FailureTexts.KeepAsync(db, edition, events.Where(e => e.Event.Said.Length > 0)
            .Select(e => (e.Event.Kind == EventKind.Blocked ? "blocked" : e.Event.Reason, e.Event.Said)), cancellation);
        return pulses;
    }

    /// <summary>Those that events name and that are the edition's.</summary>
    private async Task<HashSet<Guid>> BatchesOfAsync(Guid edition, List<LetterEvent> events, CancellationToken cancellation)
    {
        var named = events.Select(e => e.Event.Batch).OfType<Guid>().Distinct().ToList();
        return [.. await db.Batches.Where(b => b.EditionId == edition && named.Contains(b.Id)).Select(b => b.Id).ToListAsync(cancellation)];
    }

    private static bool IsEngagement(LetterEvent letter) => letter.Event.Kind is EventKind.Open or EventKind.MachineOpen or EventKind.Click;

    private static async Task MoveAsync(IQueryable<Delivery> letters, DeliveryState to, Action<UpdateSettersBuilder<Delivery>> more, CancellationToken cancellation)
    {
        var moved = await letters.Where(d => d.State < to).ExecuteUpdateAsync(s =>
        {
            s.SetProperty(d => d.State, to);
            more(s);
        }, cancellation);
        DeliveryMetrics.Moved(to, moved);
    }

    private static Task<int> FillAsync(IQueryable<Delivery> letters, Action<UpdateSettersBuilder<Delivery>> set, CancellationToken cancellation) =>
        letters.ExecuteUpdateAsync(set, cancellation);

    /// <summary>Without the readers who do not want to be counted.</summary>
    private IQueryable<Delivery> Counted(IQueryable<Delivery> letters) =>
        letters.Where(d => db.Recipients.Any(r => r.Id == d.SubscriberId && r.PublicationId == d.PublicationId && !r.Deleted && r.TrackingAllowed));
}
