using System.Diagnostics;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Telemetry;
using Newsletter.Mailer.Bounces;
using Newsletter.Mailer.Deliverability;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Webhooks;

/// <summary>
/// Works out one call of events in one transaction: ids that are new, the letters that they are about, the ledger, counters, deliverability. An event that
/// is told again, late or in another order changes nothing that it has not changed before.
/// </summary>
internal sealed class EventIngest(
    MailerDb db, ProviderFactory providers, WebhookAccounts accounts, BounceReader bounces, EventResolver resolver, LetterFacts facts, AddressBook addresses, TimeProvider time)
{
    private const int MaxLinks = 100;

    public async Task IngestAsync(WebhookCall call, CancellationToken cancellation)
    {
        var scope = await accounts.ScopeOfAsync(call, cancellation);
        IEnumerable<MailEvent?> came = call.Provider == BounceWebhook.Provider ? await bounces.ReadAsync(call, cancellation) : providers.OfInstallation(call.Provider).EventsIn(call.Body);
        // What one account calls its events is not for another to use up.
        var told = came.Select(e => e is null || scope is null ? e : e with { Id = $"{call.Account}:{e.Id}" }).ToList();
        var events = told.OfType<MailEvent>().DistinctBy(e => e.Id).ToList();
        var batches = events.Select(e => e.Batch).OfType<Guid>().Distinct().ToList();
        using var step = await StartAsync(batches, cancellation);

        await addresses.ReadyAsync(cancellation);
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var now = time.GetUtcNow();
        var taken = await EventIds.TakeAsync(db, events, now, cancellation);
        var fresh = events.FindAll(e => taken.Contains(e.Id));

        var letters = await resolver.ResolveAsync(fresh, scope, cancellation);
        // In one order, so that two calls about the same editions do not wait for each other.
        foreach (var (edition, happened) in letters.Where(l => l.Edition is not null).GroupBy(l => l.Edition!.Value).OrderBy(g => g.Key).Select(g => (g.Key, g.ToList())))
        {
            var pulses = await facts.RecordAsync(edition, happened, cancellation);
            await Engagement.AddAsync(db, edition, pulses, cancellation);
            await MarkAsync(edition, happened, cancellation);
        }
        await ProveAsync(events, scope, now, cancellation);
        await addresses.LearnAsync(letters, cancellation);
        await Leavings.TellAsync(db, letters, time, cancellation);
        await db.SaveChangesAsync(cancellation);
        await db.WebhookCalls.Where(c => c.Id == call.Id).ExecuteDeleteAsync(cancellation);
        await transaction.CommitAsync(cancellation);

        foreach (var letter in letters) WebhookMetrics.Took(call.Provider, time.GetUtcNow() - letter.Event.At);
        EventMetrics.Told("new", letters.Count);
        EventMetrics.Told("repeated", told.Count(e => e is not null) - fresh.Count);
        EventMetrics.Told("unknown", fresh.Count - letters.Count);
        EventMetrics.Told("other", told.Count(e => e is null));
        step?.SetTag("newsletter.events", told.Count);
        step?.SetTag("newsletter.events.new", letters.Count);
    }

    /// <summary>Any event of a batch proves that the provider has it, if it is no older than its last sending.</summary>
    private async Task ProveAsync(List<MailEvent> events, Guid? scope, DateTimeOffset now, CancellationToken cancellation)
    {
        var latest = events.Where(e => e.Batch is not null).GroupBy(e => e.Batch!.Value).ToDictionary(g => g.Key, g => g.Max(e => e.At) + MailEvent.ClocksApart);
        var named = latest.Keys.ToList();
        if (named.Count == 0) return;
        var waiting = await db.Batches.AsNoTracking().Where(b => named.Contains(b.Id) && b.FirstEventAt == null && (scope == null || b.PublicationId == scope))
            .Select(b => new { b.Id, b.SentAt }).ToListAsync(cancellation);
        var proven = waiting.Where(b => b.SentAt is null || b.SentAt <= latest[b.Id]).Select(b => b.Id).ToList();
        await db.Batches.Where(b => proven.Contains(b.Id) && b.FirstEventAt == null).ExecuteUpdateAsync(s => s.SetProperty(b => b.FirstEventAt, now), cancellation);
    }

    /// <summary>The tallies of the batches whose letters may have moved are behind now.</summary>
    private async Task MarkAsync(Guid edition, List<LetterEvent> happened, CancellationToken cancellation)
    {
        var moved = happened.FindAll(l => l.Event.Kind is EventKind.Processed or EventKind.Delivered or EventKind.Bounce or EventKind.SoftBounce or EventKind.Blocked or EventKind.Dropped);
        // What a provider names need not be there, or be of this edition.
        var named = moved.Select(l => l.Event.Batch).OfType<Guid>().Distinct().ToList();
        var batches = (await db.Batches.Where(b => b.EditionId == edition && named.Contains(b.Id)).Select(b => b.Id).ToListAsync(cancellation)).ToHashSet();
        var unnamed = moved.Where(l => l.Event.Batch is not { } batch || !batches.Contains(batch)).Select(l => l.Subscriber).OfType<Guid>().Distinct().ToList();
        if (unnamed.Count > 0)
            batches.UnionWith(await db.Deliveries.Where(d => d.EditionId == edition && unnamed.Contains(d.SubscriberId)).Select(d => d.BatchId).Distinct().ToListAsync(cancellation));
        db.AddRange(batches.Select(batch => new TallyMark { EditionId = edition, BatchId = batch }));
    }

    /// <summary>The provider called us, not we it: the span stands alone, and points to those that sent the letters.</summary>
    private async Task<Activity?> StartAsync(List<Guid> batches, CancellationToken cancellation)
    {
        var sent = await db.Batches.AsNoTracking().Where(b => batches.Contains(b.Id) && b.TraceParent != null)
            .OrderBy(b => b.Id).Select(b => b.TraceParent).Take(MaxLinks).ToListAsync(cancellation);
        List<ActivityLink> links = [];
        foreach (var parent in sent)
        {
            if (ActivityContext.TryParse(parent, null, isRemote: true, out var context)) links.Add(new(context));
        }
        Activity.Current = null;
        return NewsletterTelemetry.Activities.StartActivity("ingest provider events", ActivityKind.Consumer, parentContext: default, links: links);
    }
}
