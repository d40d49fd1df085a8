using System.Globalization;

namespace Newsletter.Mailer.Templates;

/// <summary>The publication's colour, made dark enough for paper and light enough for night: a contrast of 4.5 (WCAG AA) either way.</summary>
internal static class Accent
{
    private const double Wanted = 4.5;
    private static readonly (double R, double G, double B) Fallback = (0x1a, 0x4f, 0xa3);
    private static readonly (double R, double G, double B) Paper = (0xff, 0xfe, 0xfb);
    private static readonly (double R, double G, double B) Night = (0x14, 0x15, 0x1a);

    public static string OnPaper(string accent) => Mix(accent, (0, 0, 0), Paper);

    public static string OnNight(string accent) => Mix(accent, (255, 255, 255), Night);

    private static string Mix(string accent, (double R, double G, double B) towards, (double R, double G, double B) background)
    {
        var colour = Parse(accent);
        for (var share = 0.0; share <= 1; share += 0.05)
        {
            var mixed = (R: Between(colour.R, towards.R, share), G: Between(colour.G, towards.G, share), B: Between(colour.B, towards.B, share));
            if (Contrast(mixed, background) >= Wanted) return string.Create(CultureInfo.InvariantCulture, $"#{(int)mixed.R:x2}{(int)mixed.G:x2}{(int)mixed.B:x2}");
        }
        return "#000000";
    }

    private static double Between(double from, double to, double share) => Math.Round(from + (to - from) * share);

    private static (double R, double G, double B) Parse(string accent) =>
        accent.Length == 7 && accent[0] == '#' && int.TryParse(accent.AsSpan(1), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var rgb)
            ? (rgb >> 16, rgb >> 8 & 255, rgb & 255)
            : Fallback;

    private static double Contrast((double R, double G, double B) a, (double R, double G, double B) b)
    {
        var (lighter, darker) = (Math.Max(Luminance(a), Luminance(b)), Math.Min(Luminance(a), Luminance(b)));
        return (lighter + 0.05) / (darker + 0.05);
    }

    private static double Luminance((double R, double G, double B) colour) =>
        0.2126 * Linear(colour.R) + 0.7152 * Linear(colour.G) + 0.0722 * Linear(colour.B);

    private static double Linear(double channel) =>
        channel / 255 is var c && c <= 0.03928 ? c / 12.92 : Math.Pow((c + 0.055) / 1.055, 2.4);
}
