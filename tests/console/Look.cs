using Microsoft.Playwright;

namespace Newsletter.ConsoleTests;

/// <summary>How wide a screen is, and whether its owner likes it dark.</summary>
public sealed record Look(int Width, int Height, ColorScheme Scheme)
{
    public static Look Desktop { get; } = new(1440, 1000, ColorScheme.Light);
    public static Look Phone { get; } = new(390, 844, ColorScheme.Light);
    public Look InTheDark() => this with { Scheme = ColorScheme.Dark };
}
