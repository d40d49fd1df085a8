using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using NodaTime;
using NodaTime.Extensions;

namespace Newsletter.Mailer.Roundups;

/// <summary>When roundups are due. Local times that a clock change skips move on by its gap; of those that it repeats, the first counts.</summary>
internal static class Slots
{
    /// <summary>On earth it is nowhere earlier: what goes out by the readers' zones is closed when the slot begins there.</summary>
    private const string EarliestZone = "Pacific/Kiritimati";

    /// <summary>The first slot after an instant, in the publication's zone.</summary>
    public static DateTimeOffset NextAfter(RoundupSchedule schedule, string zoneName, DateTimeOffset after)
    {
        var zone = ZoneOf(zoneName);
        var day = Instant.FromDateTimeOffset(after).InZone(zone).Date;
        for (var ahead = 0; ; ahead++)
        {
            var date = day.PlusDays(ahead);
            if (date.DayOfWeek.ToDayOfWeek() != schedule.Day) continue;
            var slot = At(date, schedule, zone);
            if (slot > after) return slot;
        }
    }

    /// <summary>The latest slot whose content is closed by now; null when that was so long ago that nobody waits for it.</summary>
    public static DateTimeOffset? Due(RoundupSchedule schedule, string zoneName, DateTimeOffset now)
    {
        var slot = NextAfter(schedule, zoneName, now.AddDays(-8));
        while (NextAfter(schedule, zoneName, slot) is var next && CutOff(schedule, next, zoneName) <= now) slot = next;
        return CutOff(schedule, slot, zoneName) > now - Edition.Patience ? slot : null;
    }

    /// <summary>The same local day and time as a slot of the publication, in a reader's zone; in the publication's where theirs is unknown.</summary>
    public static DateTimeOffset InZone(RoundupSchedule schedule, DateTimeOffset slot, string publicationZone, string? readerZone)
    {
        var date = Instant.FromDateTimeOffset(slot).InZone(ZoneOf(publicationZone)).Date;
        var zone = readerZone is null ? null : DateTimeZoneProviders.Tzdb.GetZoneOrNull(readerZone);
        return zone is null ? slot : At(date, schedule, zone);
    }

    /// <summary>When a slot's content is closed and its edition made.</summary>
    public static DateTimeOffset CutOff(RoundupSchedule schedule, DateTimeOffset slot, string zoneName) =>
        schedule.InReadersZone && InZone(schedule, slot, zoneName, EarliestZone) is var earliest && earliest < slot ? earliest : slot;

    private static DateTimeOffset At(LocalDate date, RoundupSchedule schedule, DateTimeZone zone) =>
        zone.AtLeniently(date.At(LocalTime.FromTimeOnly(schedule.Time))).ToInstant().ToDateTimeOffset();

    private static DateTimeZone ZoneOf(string name) => DateTimeZoneProviders.Tzdb.GetZoneOrNull(name) ?? DateTimeZone.Utc;
}
