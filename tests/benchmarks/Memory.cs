using System.Globalization;

namespace Newsletter.Benchmarks;

/// <summary>A process's resident memory, as Linux counts it.</summary>
internal static class Memory
{
    /// <summary>The next peak is counted from now on (proc(5), clear_refs).</summary>
    public static void ResetPeak(int process) => File.WriteAllText($"/proc/{process}/clear_refs", "5");

    /// <returns>MB (VmHWM).</returns>
    public static double PeakOf(int process)
    {
        var line = File.ReadLines($"/proc/{process}/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) / 1024.0;
    }
}
