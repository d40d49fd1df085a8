using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tracking;

/// <summary>What a reader does with a letter: each fact is counted once per letter, however often it happens.</summary>
internal static class Engagement
{
    public static async Task OpenAsync(MailerDb db, Guid edition, Guid reader, bool byMachine, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var letters = Letter(db, edition, reader);
        // A machine's open says nothing about the person, who may still open it later.
        var pulses = new Pulses();
        if (byMachine) pulses.At(now, now).MachineOpens = await letters.Where(d => d.MachineOpenedAt == null).ExecuteUpdateAsync(s => s.SetProperty(d => d.MachineOpenedAt, now), cancellation);
        else pulses.At(now, now).Opens = await letters.Where(d => d.OpenedAt == null).ExecuteUpdateAsync(s => s.SetProperty(d => d.OpenedAt, now), cancellation);
        await AddAsync(db, edition, pulses, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    public static async Task ClickAsync(MailerDb db, Guid edition, Guid reader, string address, DateTimeOffset now, CancellationToken cancellation)
    {
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        var letters = Letter(db, edition, reader);
        if (!await letters.AnyAsync(cancellation)) return;
        // Who clicks has opened, whether or not images were shown.
        var opens = await letters.Where(d => d.OpenedAt == null).ExecuteUpdateAsync(s => s.SetProperty(d => d.OpenedAt, now), cancellation);
        var clicks = await letters.Where(d => d.ClickedAt == null).ExecuteUpdateAsync(s => s.SetProperty(d => d.ClickedAt, now), cancellation);
        var pulses = new Pulses();
        (pulses.At(now, now).Opens, pulses.At(now, now).Clicks) = (opens, clicks);
        await AddAsync(db, edition, pulses, cancellation);
        await LinkAsync(db, edition, reader, address, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    /// <summary>Raises an edition's counters in one statement, whether or not the row exists yet, and those of the time when it happened.</summary>
    public static async Task AddAsync(MailerDb db, Guid edition, Pulses pulses, CancellationToken cancellation)
    {
        var by = pulses.Sum();
        if (by is { Opens: 0, MachineOpens: 0, Clicks: 0, Complaints: 0, Unsubscribes: 0 }) return;
        DeliveryMetrics.Reacted(by);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO edition_counters (edition_id, publication_id, opens, machine_opens, clicks, complaints, unsubscribes)
            SELECT id, publication_id, {by.Opens}, {by.MachineOpens}, {by.Clicks}, {by.Complaints}, {by.Unsubscribes} FROM editions WHERE id = {edition}
            ON CONFLICT (edition_id) DO UPDATE SET
                opens = edition_counters.opens + excluded.opens,
                machine_opens = edition_counters.machine_opens + excluded.machine_opens,
                clicks = edition_counters.clicks + excluded.clicks,
                complaints = edition_counters.complaints + excluded.complaints,
                unsubscribes = edition_counters.unsubscribes + excluded.unsubscribes
            """, cancellation);
        await pulses.AddAsync(db, edition, cancellation);
    }

    /// <summary>A link's readers are counted once each, and how often it was followed.</summary>
    private static async Task LinkAsync(MailerDb db, Guid edition, Guid reader, string address, CancellationToken cancellation)
    {
        var id = Guid.CreateVersion7();
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO links (id, edition_id, publication_id, address, clicks, follows)
            SELECT {id}, d.edition_id, d.publication_id, {address}, 0, 0 FROM deliveries d WHERE d.edition_id = {edition} AND d.subscriber_id = {reader}
            ON CONFLICT (edition_id, address) DO NOTHING
            """, cancellation);
        var link = await db.Links.Where(l => l.EditionId == edition && l.Address == address).Select(l => l.Id).SingleAsync(cancellation);
        var isNew = await db.Database.ExecuteSqlAsync(
            $"INSERT INTO link_clicks (link_id, subscriber_id) VALUES ({link}, {reader}) ON CONFLICT (link_id, subscriber_id) DO NOTHING", cancellation);
        await db.Links.Where(l => l.Id == link)
            .ExecuteUpdateAsync(s => s.SetProperty(l => l.Clicks, l => l.Clicks + isNew).SetProperty(l => l.Follows, l => l.Follows + 1), cancellation);
    }

    /// <summary>The letter, if its reader (still) lets us count: somebody erased does not.</summary>
    private static IQueryable<Delivery> Letter(MailerDb db, Guid edition, Guid reader) =>
        db.Deliveries.Where(d => d.EditionId == edition && d.SubscriberId == reader
            && db.Recipients.Any(r => r.Id == reader && r.PublicationId == d.PublicationId && !r.Deleted && r.TrackingAllowed));
}
