using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>Opens and clicks by the hour for two days from the first letter on, then by the publication's days.</summary>
internal static class EngagementCurve
{
    private const int Hour = 3600 / EditionPulse.Seconds;
    private const int Hourly = 48;
    private const int MostDays = 366;

    /// <param name="pulses">Of one edition, oldest first.</param>
    public static IReadOnlyList<EngagementPoint> Of(IReadOnlyList<EditionPulse> pulses, string zoneName, DateTimeOffset now)
    {
        if (pulses.Count == 0) return [];
        var first = pulses[0].Quarter / Hour * Hour;
        var last = EditionPulse.QuarterOf(now);
        var early = Enumerable.Range(0, Hourly).Select(i => first + i * Hour).TakeWhile(start => start <= last)
            .Select(start => Sum(EditionPulse.StartOf(start), pulses.Where(p => p.Quarter >= start && p.Quarter < start + Hour)));
        var zone = LocalDays.ZoneOf(zoneName);
        var late = pulses.Where(p => p.Quarter >= first + Hourly * Hour)
            .GroupBy(p => LocalDays.Of(EditionPulse.StartOf(p.Quarter), zone)).Take(MostDays)
            .Select(day => Sum(LocalDays.StartOf(day.Key, zone), day));
        return [.. early, .. late];
    }

    private static EngagementPoint Sum(DateTimeOffset at, IEnumerable<EditionPulse> pulses)
    {
        var all = pulses.ToList();
        return new(at, all.Sum(p => p.Opens), all.Sum(p => p.MachineOpens), all.Sum(p => p.Clicks), all.Sum(p => p.MachineClicks));
    }
}
