using System.Text.RegularExpressions;

namespace Newsletter.Tests.Harness.Installations;

/// <summary>What running processes export, and what we say that they do.</summary>
public static partial class Metrics
{
    /// <summary>The table of our own metrics, in <c>deploy/observability/README.md</c>.</summary>
    public static IReadOnlySet<string> Documented { get; } = Row().Matches(File.ReadAllText(Path.Combine(ServiceProcess.Root, "deploy/observability/README.md")))
        .Select(row => row.Groups["name"].Value).ToHashSet();

    /// <summary>Names as the <c># TYPE</c> lines give them: a histogram's without <c>_bucket</c>, <c>_sum</c>, <c>_count</c>.</summary>
    public static async Task<HashSet<string>> ExportedAsync(IEnumerable<Uri> processes)
    {
        using var client = new HttpClient();
        HashSet<string> names = [];
        foreach (var process in processes)
            names.UnionWith(TypeLine().Matches(await client.GetStringAsync(new Uri(process, "/metrics"))).Select(type => type.Groups["name"].Value));
        return names;
    }

    [GeneratedRegex(@"^\| `(?<name>newsletter_\w+)` \|", RegexOptions.Multiline)]
    private static partial Regex Row();

    [GeneratedRegex(@"^# TYPE (?<name>\S+) ", RegexOptions.Multiline)]
    private static partial Regex TypeLine();
}
