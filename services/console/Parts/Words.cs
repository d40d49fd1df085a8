using System.Globalization;

namespace Newsletter.Console.Parts;

/// <summary>Numbers, times and states as people read them.</summary>
internal static class Words
{
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en-GB");

    public static string Number(long number) => number.ToString("N0", CultureInfo.InvariantCulture).Replace(",", " ", StringComparison.Ordinal);

    public static string Share(long part, long whole) => whole == 0 ? "–" : part == 0 ? "0 %" : ((double)part / whole).ToString(part * 100 < whole ? "0.00 %" : "0.0 %", CultureInfo.InvariantCulture);

    /// <param name="zone">IANA name; without it UTC.</param>
    public static string Time(DateTimeOffset at, string? zone) => In(at, zone).ToString("d MMM yyyy, HH:mm", English);

    /// <param name="rate">Letters a second.</param>
    public static string Rate(double rate) => $"{rate.ToString("0.##", CultureInfo.InvariantCulture)} {(rate == 1 ? "letter" : "letters")} a second";

    public static string Day(DateOnly day) => day.ToString("d MMM", English);

    public static DateTimeOffset In(DateTimeOffset at, string? zone) =>
        zone is not null && TimeZoneInfo.TryFindSystemTimeZoneById(zone, out var found) ? TimeZoneInfo.ConvertTime(at, found) : at.ToUniversalTime();

    public static string Money(long minor, string currency) => $"{minor / 100m:0.00} {currency.ToUpperInvariant()}";

    public static string Span(TimeSpan span) => span switch
    {
        { TotalSeconds: < 1 } => $"{span.TotalMilliseconds:0} ms",
        { TotalSeconds: < 60 } => span.TotalSeconds.ToString("0.0 's'", CultureInfo.InvariantCulture),
        { TotalMinutes: < 60 } => $"{(int)span.TotalMinutes} min {span.Seconds} s",
        { TotalHours: < 48 } => $"{(int)span.TotalHours} h {span.Minutes} min",
        _ => $"{(int)span.TotalDays} days",
    };

    public static string Plural(long count, string one, string? many = null) => $"{Number(count)} {(count == 1 ? one : many ?? one + "s")}";

    /// <summary><c>past_due</c> becomes "Past due".</summary>
    public static string Word(string word) => word.Length == 0 ? "" : char.ToUpperInvariant(word[0]) + word[1..].Replace('_', ' ').Replace('-', ' ');

    public static string Access(string access) => access switch { "public" => "Everybody", "subscribers" => "Subscribers", "paid" => "Paying members", _ => access };

    public static string Tone(string state) => state switch
    {
        "published" or "active" or "accepted" or "delivered" or "sent" or "ok" or "confirmed" => "good",
        "scheduled" or "pending" or "sending" or "preparing" or "queued" or "trialing" => "link",
        "uncertain" or "paused" or "past_due" or "skipped" or "suppressed" => "warn",
        "failed" or "bounced" or "complained" or "blocked" or "cancelled" or "canceled" or "unpaid" => "bad",
        _ => "",
    };
}
