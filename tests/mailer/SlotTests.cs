using System.Globalization;
using Newsletter.Contracts;
using Newsletter.Mailer.Roundups;

namespace Newsletter.Mailer.Tests;

public sealed class SlotTests
{
    private static readonly RoundupSchedule SundayNight = new(DayOfWeek.Sunday, new(2, 30));

    [Theory]
    // Summer time ends at 03:00 on 25 October 2026 in Berlin: 02:30 comes twice, the first counts.
    [InlineData("Europe/Berlin", "2026-10-20T00:00Z", "2026-10-25T00:30Z")]
    // It begins at 02:00 on 29 March 2026: 02:30 does not exist and moves on by the gap.
    [InlineData("Europe/Berlin", "2026-03-24T00:00Z", "2026-03-29T01:30Z")]
    [InlineData("America/New_York", "2026-11-23T00:00Z", "2026-11-29T07:30Z")]
    [InlineData("Nowhere/At_all", "2026-11-23T00:00Z", "2026-11-29T02:30Z")]
    public void The_next_slot_is_a_local_time(string zone, string after, string slot) =>
        Assert.Equal(At(slot), Slots.NextAfter(SundayNight, zone, At(after)));

    [Fact]
    public void A_slot_is_followed_by_the_one_a_week_later()
    {
        var slot = Slots.NextAfter(SundayNight, "Europe/Berlin", At("2026-10-20T00:00Z"));
        Assert.Equal(At("2026-11-01T01:30Z"), Slots.NextAfter(SundayNight, "Europe/Berlin", slot));
    }

    [Fact]
    public void A_slot_that_was_missed_for_two_days_is_not_made_up()
    {
        var schedule = new RoundupSchedule(DayOfWeek.Sunday, new(8, 0));
        Assert.Equal(At("2026-11-22T08:00Z"), Slots.Due(schedule, "Etc/UTC", At("2026-11-22T08:00Z")));
        Assert.Equal(At("2026-11-22T08:00Z"), Slots.Due(schedule, "Etc/UTC", At("2026-11-24T07:59Z")));
        Assert.Null(Slots.Due(schedule, "Etc/UTC", At("2026-11-24T08:01Z")));
    }

    [Fact]
    public void By_the_readers_zones_content_is_closed_when_the_first_zone_reaches_the_slot()
    {
        var schedule = new RoundupSchedule(DayOfWeek.Sunday, new(8, 0), InReadersZone: true);
        var slot = At("2026-11-29T08:00Z");
        Assert.Equal(At("2026-11-28T18:00Z"), Slots.CutOff(schedule, slot, "Etc/UTC"));
        Assert.Equal(At("2026-11-28T18:00Z"), Slots.InZone(schedule, slot, "Etc/UTC", "Pacific/Kiritimati"));
        Assert.Equal(At("2026-11-29T18:00Z"), Slots.InZone(schedule, slot, "Etc/UTC", "Pacific/Honolulu"));
        Assert.Equal(slot, Slots.InZone(schedule, slot, "Etc/UTC", null));
        Assert.Equal(slot, Slots.Due(schedule, "Etc/UTC", At("2026-11-28T18:00Z")));
    }

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture);
}
