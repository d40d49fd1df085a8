using System.Text.Json.Nodes;
using Newsletter.Sandbox.StripeApi;

namespace Newsletter.Sandbox.Subscriptions;

internal static class Period
{
    /// <summary>The end of the period that begins at <paramref name="start"/>; the 31st of the anchor returns after a short month.</summary>
    public static long End(long start, JsonObject price, long anchor)
    {
        var recurring = price.Object("recurring");
        var count = (int)recurring.Long("interval_count");
        var from = DateTimeOffset.FromUnixTimeSeconds(start);
        if (recurring.Text("interval") is "day" or "week")
        {
            return from.AddDays(count * (recurring.Text("interval") == "week" ? 7 : 1)).ToUnixTimeSeconds();
        }

        var end = from.AddMonths(count * (recurring.Text("interval") == "year" ? 12 : 1));
        var day = Math.Min(DateTimeOffset.FromUnixTimeSeconds(anchor).Day, DateTime.DaysInMonth(end.Year, end.Month));
        return end.AddDays(day - end.Day).ToUnixTimeSeconds();
    }

    /// <summary>When the first of the items runs out.</summary>
    public static long End(JsonObject subscription) => subscription.Data("items").Min(item => item.Long("current_period_end"));
}
