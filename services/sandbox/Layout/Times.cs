using System.Globalization;

namespace Newsletter.Sandbox.Layout;

/// <summary>Times as the pages show them, always in UTC.</summary>
internal static class Times
{
    public static string Day(long unixSeconds) =>
        DateTimeOffset.FromUnixTimeSeconds(unixSeconds).ToString("d MMMM yyyy", CultureInfo.InvariantCulture);

    public static string Full(DateTimeOffset at) => at.ToUniversalTime().ToString("d MMM yyyy, HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);

    public static string Full(long unixSeconds) => Full(DateTimeOffset.FromUnixTimeSeconds(unixSeconds));

    public static string Iso(DateTimeOffset at) => at.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
}
