using NodaTime;
using NodaTime.Extensions;

namespace Newsletter.Mailer.Figures;

/// <summary>Days as a publication's zone has them.</summary>
internal static class LocalDays
{
    public static DateTimeZone ZoneOf(string name) => DateTimeZoneProviders.Tzdb.GetZoneOrNull(name) ?? DateTimeZone.Utc;

    public static DateOnly Of(DateTimeOffset at, DateTimeZone zone) => Instant.FromDateTimeOffset(at).InZone(zone).Date.ToDateOnly();

    public static DateTimeOffset StartOf(DateOnly day, DateTimeZone zone) => zone.AtStartOfDay(day.ToLocalDate()).ToInstant().ToDateTimeOffset();
}
