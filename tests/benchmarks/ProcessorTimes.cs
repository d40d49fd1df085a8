using System.Globalization;

namespace Newsletter.Benchmarks;

/// <summary>What each kind of process has used of the processors so far, with its children that have ended (/proc/{pid}/stat, in hundredths of a second).</summary>
internal sealed class ProcessorTimes
{
    private readonly Dictionary<string, long> _ticks = [];

    public static ProcessorTimes Now()
    {
        var times = new ProcessorTimes();
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => char.IsAsciiDigit(Path.GetFileName(f)[0])))
        {
            if (Read(folder) is not { } process) continue;
            times._ticks[process.Name] = times._ticks.GetValueOrDefault(process.Name) + process.Ticks;
        }
        return times;
    }

    /// <summary>Seconds since then, those who used the most first.</summary>
    public IReadOnlyList<(string Process, double Seconds)> Since(ProcessorTimes then) =>
        [.. _ticks.Select(t => (t.Key, (t.Value - then._ticks.GetValueOrDefault(t.Key)) / 100.0)).Where(t => t.Item2 > 0).OrderByDescending(t => t.Item2)];

    private static (string Name, long Ticks)? Read(string folder)
    {
        try
        {
            var command = File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
            var stat = File.ReadAllText(Path.Combine(folder, "stat"));
            var end = stat.LastIndexOf(')');
            var name = command is ["dotnet", var assembly, ..] ? Path.GetFileNameWithoutExtension(assembly) : stat[(stat.IndexOf('(', StringComparison.Ordinal) + 1)..end];
            // Behind the name: state is field 3; utime, stime, cutime, cstime are 14 to 17.
            var fields = stat[(end + 2)..].Split(' ');
            return (name, fields[11..15].Sum(f => long.Parse(f, CultureInfo.InvariantCulture)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return null;
        }
    }
}
