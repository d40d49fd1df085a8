using Newsletter.Defaults.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Defaults.Tests;

public sealed class HybridClockTests
{
    [Fact]
    public void A_version_rises_even_when_the_clock_goes_back()
    {
        var time = new ShiftedTime();
        var first = HybridClock.Next(0, time);
        time.Advance(TimeSpan.FromHours(-1));

        Assert.Equal(first + 1, HybridClock.Next(first, time));
    }
}
