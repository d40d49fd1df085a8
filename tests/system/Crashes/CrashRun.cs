using System.Globalization;

namespace Newsletter.SystemTests.Crashes;

/// <summary>How hard, and by which seed. tests/crashes sets more than the short form has.</summary>
internal static class CrashRun
{
    public static int Blows { get; } = Number("NEWSLETTER_CRASH_BLOWS", 4);

    /// <summary>
    /// What one blow may take until whatever was killed is back: an edition that is slowed down so far is not over before the last one has fallen. What is left then leaves as fast
    /// as it can.
    /// </summary>
    public static TimeSpan ABlow { get; } = TimeSpan.FromSeconds(60);

    public static int Seed => Number("NEWSLETTER_CRASH_SEED", Random.Shared.Next());

    public static int Recipients(int otherwise) => Number("NEWSLETTER_CRASH_RECIPIENTS", otherwise);

    private static int Number(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), CultureInfo.InvariantCulture, out var number) ? number : otherwise;
}
