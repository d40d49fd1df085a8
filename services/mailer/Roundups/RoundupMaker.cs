using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Roundups;

/// <summary>Makes a slot's edition, once: whoever comes second gets the first one's.</summary>
internal sealed class RoundupMaker(MailerDb db, SharedClock clock, TimeProvider time)
{
    /// <param name="evenEmpty">At its hour a slot is closed whether or not there is anything to tell.</param>
    /// <returns>No edition where there is nothing to tell.</returns>
    public async Task<(Edition? Edition, bool IsNew)> MakeAsync(
        PublicationSnapshot publication, NewsletterSnapshot newsletter, DateTimeOffset slot, bool evenEmpty, CancellationToken cancellation)
    {
        if (await FindAsync(newsletter, slot, cancellation) is { } known) return (known, false);
        var (period, posts) = await PlanAsync(publication, newsletter, slot, cancellation);
        if (posts.Count == 0 && !evenEmpty) return (null, false);
        var subject = $"{newsletter.Name}, {TimeZoneInfo.ConvertTime(slot, TimeZoneInfo.FindSystemTimeZoneById(publication.TimeZone)).ToString("d MMMM yyyy", CultureInfo.InvariantCulture)}";
        var edition = Edition.OfSlot(publication.Id, newsletter.Id, subject, period, posts, time);
        db.Add(edition);
        try
        {
            await db.SaveChangesAsync(cancellation);
            return (edition, true);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            db.ChangeTracker.Clear();
            return (await FindAsync(newsletter, slot, cancellation), false);
        }
    }

    /// <summary>What a slot's edition would hold, were it made now.</summary>
    public async Task<(RoundupPeriod Period, IReadOnlyList<Guid> Posts)> PlanAsync(
        PublicationSnapshot publication, NewsletterSnapshot newsletter, DateTimeOffset slot, CancellationToken cancellation)
    {
        var before = await db.Editions.AsNoTracking().Where(e => e.NewsletterId == newsletter.Id && e.SlotAt < slot)
            .OrderByDescending(e => e.SlotAt).FirstOrDefaultAsync(cancellation);
        var closed = Slots.CutOff(newsletter.Schedule!, slot, publication.TimeZone);
        var now = await clock.NowAsync(cancellation);
        var period = new RoundupPeriod(slot, before?.PeriodUntil ?? closed.AddDays(-7), now < closed ? now : closed);
        return (period, await PostsAsync(publication.Id, before, period, cancellation));
    }

    private Task<Edition?> FindAsync(NewsletterSnapshot newsletter, DateTimeOffset slot, CancellationToken cancellation) =>
        db.Editions.AsNoTracking().SingleOrDefaultAsync(e => e.NewsletterId == newsletter.Id && e.SlotAt == slot, cancellation);

    /// <summary>What was first published in the period; and of the one before, what its edition could not know because the event came late.</summary>
    private async Task<IReadOnlyList<Guid>> PostsAsync(Guid publication, Edition? before, RoundupPeriod period, CancellationToken cancellation)
    {
        var from = before?.PeriodFrom ?? period.From;
        var posts = await db.Posts.AsNoTracking()
            .Where(p => p.PublicationId == publication && p.Published && p.InRoundup && p.FirstPublishedAt > from && p.FirstPublishedAt <= period.Until)
            .OrderByDescending(p => p.FirstPublishedAt).Select(p => p.Id).ToListAsync(cancellation);
        return before is null ? posts : [.. posts.Except(before.PostIds)];
    }
}
