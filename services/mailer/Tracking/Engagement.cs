using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Copies;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tracking;

/// <summary>What a reader does with a letter: each fact is counted once per letter, however often it happens.</summary>
internal static class Engagement
{
    public static async Task OpenAsync(MailerDb db, Guid edition, Guid reader, bool byMachine, DateTimeOffset now, CancellationToken cancellation)
    {
        if (!await IsCountedAsync(db, edition, cancellation)) return;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var letters = Letter(db, edition, reader);
        // A machine's open says nothing about the person, who may still open it later.
        var pulses = new Pulses();
        if (byMachine) pulses.At(now, now).MachineOpens = await letters.Where(d => d.MachineOpenedAt == null).ExecuteUpdateAsync(s => s.SetProperty(d => d.MachineOpenedAt, now), cancellation);
        else pulses.At(now, now).Opens = await letters.Where(d => d.OpenedAt == null).ExecuteUpdateAsync(s => s.SetProperty(d => d.OpenedAt, now), cancellation);
        await AddAsync(db, edition, pulses, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Raises an edition's counters in one statement, whether or not the row exists yet, and those of the time when it happened.</summary>
    public static async Task AddAsync(MailerDb db, Guid edition, Pulses pulses, CancellationToken cancellation)
    {
        var by = pulses.Sum();
        if (by is { Opens: 0, MachineOpens: 0, Clicks: 0, MachineClicks: 0, Complaints: 0, Unsubscribes: 0 }) return;
        DeliveryMetrics.Reacted(by);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO edition_counters (edition_id, publication_id, opens, machine_opens, clicks, machine_clicks, complaints, unsubscribes)
            SELECT id, publication_id, {by.Opens}, {by.MachineOpens}, {by.Clicks}, {by.MachineClicks}, {by.Complaints}, {by.Unsubscribes} FROM editions WHERE id = {edition}
            ON CONFLICT (edition_id) DO UPDATE SET
                opens = edition_counters.opens + excluded.opens,
                machine_opens = edition_counters.machine_opens + excluded.machine_opens,
                clicks = edition_counters.clicks + excluded.clicks,
                machine_clicks = edition_counters.machine_clicks + excluded.machine_clicks,
                complaints = edition_counters.complaints + excluded.complaints,
                unsubscribes = edition_counters.unsubscribes + excluded.unsubscribes
            """, cancellation);
        await pulses.AddAsync(db, edition, cancellation);
    }

    /// <summary>Whether the publication lets opens and clicks be counted.</summary>
    public static async Task<bool> IsCountedAsync(MailerDb db, Guid edition, CancellationToken cancellation)
    {
        var publication = await db.Editions.Where(e => e.Id == edition).Join(db.Set<PublicationCopy>().AsNoTracking(), e => e.PublicationId, p => p.Id, (e, p) => p)
            .SingleOrDefaultAsync(cancellation);
        return publication is { Deleted: false, Snapshot.TrackingAllowed: true };
    }

    /// <summary>The letter, if its reader (still) lets us count: somebody erased does not.</summary>
    public static IQueryable<Delivery> Letter(MailerDb db, Guid edition, Guid reader) =>
        db.Deliveries.Where(d => d.EditionId == edition && d.SubscriberId == reader
            && db.Recipients.Any(r => r.Id == reader && r.PublicationId == d.PublicationId && !r.Deleted && r.TrackingAllowed));
}
