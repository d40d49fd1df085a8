namespace Newsletter.Console.Plots;

/// <param name="Colour">One of the plots' colours: 0 is grey, 1 to 4 are hues.</param>
public sealed record Series(string Name, int Colour, IReadOnlyList<int> Values);

/// <summary>A value axis that ends on a round number.</summary>
internal static class Scale
{
    public static long Top(long most)
    {
        if (most <= 4) return 4;
        var power = (long)Math.Pow(10, Math.Floor(Math.Log10(most)));
        foreach (var step in (ReadOnlySpan<double>)[1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10])
        {
            var top = (long)Math.Ceiling(step * power / 4) * 4;
            if (top >= most) return top;
        }
        return 12 * power;
    }

    public static IEnumerable<long> Ticks(long top) => Enumerable.Range(0, 5).Select(i => top * i / 4);
}
