using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <param name="Day">Of the publication's zone.</param>
internal sealed record LettersDay(
    DateOnly Day, int Accepted, int Delivered, int Opened, int MachineOpened, int Clicked, int MachineClicked, int Bounced, int Complained, int Unsubscribed);

internal sealed record LettersView(IReadOnlyList<LettersDay> Days);

/// <summary>A publication's letters by day, of what is kept per edition and quarter of an hour.</summary>
internal static class StatisticsEndpoint
{
    public static void MapLetterStatistics(this RouteGroupBuilder api) => api.MapGet("/statistics/letters", GetAsync).ForStaff(Permission.EditionsRead);

    /// <summary>The last days, oldest first, today included; days without letters too.</summary>
    private static async Task<Ok<LettersView>> GetAsync(
        CurrentPublication publication, MailerDb db, TimeProvider time, CancellationToken cancellation, [Range(1, 366)] int days = 28)
    {
        var zone = LocalDays.ZoneOf(publication.Snapshot.TimeZone);
        var today = LocalDays.Of(time.GetUtcNow(), zone);
        var from = EditionPulse.QuarterOf(LocalDays.StartOf(today.AddDays(1 - days), zone));
        var quarters = await db.EditionPulses.Where(p => p.PublicationId == publication.Id && p.Quarter >= from).GroupBy(p => p.Quarter)
            .Select(g => new
            {
                Quarter = g.Key,
                Accepted = g.Sum(p => p.Accepted),
                Delivered = g.Sum(p => p.Delivered),
                Opens = g.Sum(p => p.Opens),
                MachineOpens = g.Sum(p => p.MachineOpens),
                Clicks = g.Sum(p => p.Clicks),
                MachineClicks = g.Sum(p => p.MachineClicks),
                Bounced = g.Sum(p => p.Bounced),
                Complaints = g.Sum(p => p.Complaints),
                Unsubscribes = g.Sum(p => p.Unsubscribes),
            }).ToListAsync(cancellation);
        var byDay = quarters.ToLookup(q => LocalDays.Of(EditionPulse.StartOf(q.Quarter), zone));
        return TypedResults.Ok(new LettersView([.. Enumerable.Range(0, days).Select(i => today.AddDays(1 - days + i)).Select(day => new LettersDay(
            day, byDay[day].Sum(q => q.Accepted), byDay[day].Sum(q => q.Delivered), byDay[day].Sum(q => q.Opens), byDay[day].Sum(q => q.MachineOpens),
            byDay[day].Sum(q => q.Clicks), byDay[day].Sum(q => q.MachineClicks), byDay[day].Sum(q => q.Bounced), byDay[day].Sum(q => q.Complaints), byDay[day].Sum(q => q.Unsubscribes)))]));
    }
}
