using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tracking;

/// <summary>
/// Counts who follows links, people and programs apart. Programs that look for harm behind links follow several of a letter at once, most of them within
/// seconds of its delivery; that the first of them was one shows with the second, and is set right then.
/// </summary>
internal static class Clicks
{
    private static readonly TimeSpan Burst = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan JustDelivered = TimeSpan.FromSeconds(60);
    // Beyond that time it takes more: a reader of a digest opens three papers in tabs.
    private static readonly TimeSpan FastestReader = TimeSpan.FromSeconds(5);
    private const int MostOfAReader = 4;

    public static async Task CountAsync(MailerDb db, Guid edition, Guid reader, string address, bool byMachine, DateTimeOffset now, CancellationToken cancellation)
    {
        if (!await Engagement.IsCountedAsync(db, edition, cancellation)) return;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        // Of several clicks on one letter at once, each sees those before it.
        if (!db.IsSqlite) await db.Database.ExecuteSqlAsync($"SELECT 1 FROM deliveries WHERE edition_id = {edition} AND subscriber_id = {reader} FOR UPDATE", cancellation);
        var letter = await Engagement.Letter(db, edition, reader).AsNoTracking().SingleOrDefaultAsync(cancellation);
        if (letter is null) return;
        var link = await LinkAsync(db, letter, address, cancellation);
        var recent = await db.LinkClicks.Where(c => c.SubscriberId == reader && c.LinkId != link && c.ClickedAt > now - Burst && db.Links.Any(l => l.Id == c.LinkId && l.EditionId == edition))
            .ToListAsync(cancellation);
        var isBurst = IsBurst(recent, letter.DeliveredAt ?? letter.AcceptedAt, now);
        var pulses = new Pulses();
        if (isBurst) await TakeBackAsync(db, letter, recent, pulses, now, cancellation);
        if (isBurst || byMachine) await ByMachineAsync(db, letter, link, pulses, now, cancellation);
        else await ByReaderAsync(db, letter, link, pulses, now, cancellation);
        await db.SaveChangesAsync(cancellation);
        await Engagement.AddAsync(db, edition, pulses, cancellation);
        await transaction.CommitAsync(cancellation);
    }

    private static bool IsBurst(List<LinkClick> recent, DateTimeOffset? delivered, DateTimeOffset now) =>
        recent.Exists(c => c.ByMachine)
        || (recent.Count > 0 && now - delivered < JustDelivered)
        || recent.Count(c => c.ClickedAt > now - FastestReader) >= MostOfAReader;

    private static async Task ByReaderAsync(MailerDb db, Delivery letter, Guid link, Pulses pulses, DateTimeOffset now, CancellationToken cancellation)
    {
        // Who clicks has opened, whether or not images were shown.
        var (opens, clicks) = (letter.OpenedAt is null ? 1 : 0, letter.ClickedAt is null ? 1 : 0);
        if (opens + clicks > 0)
            await Row(db, letter).ExecuteUpdateAsync(s => s.SetProperty(d => d.OpenedAt, d => d.OpenedAt ?? now).SetProperty(d => d.ClickedAt, d => d.ClickedAt ?? now), cancellation);
        (pulses.At(now, now).Opens, pulses.At(now, now).Clicks) = (opens, clicks);
        var known = await db.LinkClicks.SingleOrDefaultAsync(c => c.LinkId == link && c.SubscriberId == letter.SubscriberId, cancellation);
        var isNew = known is null or { ByMachine: true } ? 1 : 0;
        if (known is null) db.Add(new LinkClick { LinkId = link, SubscriberId = letter.SubscriberId, ClickedAt = now });
        else known.ByMachine = false;
        await db.Links.Where(l => l.Id == link)
            .ExecuteUpdateAsync(s => s.SetProperty(l => l.Clicks, l => l.Clicks + isNew).SetProperty(l => l.Follows, l => l.Follows + 1), cancellation);
    }

    private static async Task ByMachineAsync(MailerDb db, Delivery letter, Guid link, Pulses pulses, DateTimeOffset now, CancellationToken cancellation)
    {
        pulses.At(now, now).MachineClicks += await Row(db, letter).Where(d => d.MachineClickedAt == null).ExecuteUpdateAsync(s => s.SetProperty(d => d.MachineClickedAt, now), cancellation);
        if (!await db.LinkClicks.AnyAsync(c => c.LinkId == link && c.SubscriberId == letter.SubscriberId, cancellation))
            db.Add(new LinkClick { LinkId = link, SubscriberId = letter.SubscriberId, ClickedAt = now, ByMachine = true });
    }

    /// <summary>The clicks that came right before were no reader's either.</summary>
    private static async Task TakeBackAsync(MailerDb db, Delivery letter, List<LinkClick> recent, Pulses pulses, DateTimeOffset now, CancellationToken cancellation)
    {
        var taken = recent.FindAll(c => !c.ByMachine);
        foreach (var click in taken) click.ByMachine = true;
        var links = taken.ConvertAll(c => c.LinkId);
        if (links.Count > 0)
            await db.Links.Where(l => links.Contains(l.Id)).ExecuteUpdateAsync(s => s.SetProperty(l => l.Clicks, l => l.Clicks - 1).SetProperty(l => l.Follows, l => l.Follows - 1), cancellation);
        if (letter.ClickedAt is not { } clicked || clicked <= now - Burst) return;
        // That it was opened was known by the click alone.
        var openedByIt = letter.OpenedAt == clicked;
        pulses.At(clicked, now).Clicks--;
        if (openedByIt) pulses.At(clicked, now).Opens--;
        await Row(db, letter).ExecuteUpdateAsync(s => s.SetProperty(d => d.ClickedAt, (DateTimeOffset?)null).SetProperty(d => d.OpenedAt, d => openedByIt ? null : d.OpenedAt), cancellation);
    }

    private static async Task<Guid> LinkAsync(MailerDb db, Delivery letter, string address, CancellationToken cancellation)
    {
        var id = Guid.CreateVersion7();
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO links (id, edition_id, publication_id, address, clicks, follows) VALUES ({id}, {letter.EditionId}, {letter.PublicationId}, {address}, 0, 0)
            ON CONFLICT (edition_id, address) DO NOTHING
            """, cancellation);
        return await db.Links.Where(l => l.EditionId == letter.EditionId && l.Address == address).Select(l => l.Id).SingleAsync(cancellation);
    }

    private static IQueryable<Delivery> Row(MailerDb db, Delivery letter) => db.Deliveries.Where(d => d.EditionId == letter.EditionId && d.SubscriberId == letter.SubscriberId);
}
