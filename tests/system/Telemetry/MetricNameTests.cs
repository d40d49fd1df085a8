using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Telemetry;

/// <summary>Bug class: a dashboard or an alert that asks for a metric which nobody exports shows nothing, and nobody notices.</summary>
[Collection(nameof(DistributedCollection))]
public sealed partial class MetricNameTests(DistributedHouse house)
{
    private const string Folder = "deploy/observability";

    /// <summary>Prometheus makes it itself.</summary>
    private static readonly string[] NotOurs = ["up"];

    /// <summary>The story finds every name of the table in running processes; here the others are looked for.</summary>
    [Fact]
    public async Task Every_metric_that_a_dashboard_or_a_rule_names_is_one_that_a_running_process_exports()
    {
        var asked = Queries().SelectMany(PromQl.MetricsOf).Distinct().Except(Recorded()).Except(NotOurs).Select(Base).ToHashSet();
        Assert.Contains("newsletter_ledger_difference", asked);
        Assert.Contains("http_server_request_duration_seconds", asked);

        IReadOnlyList<string> missing = [];
        try
        {
            await Eventually.TrueAsync(async () =>
            {
                missing = [.. asked.Except(Metrics.Documented).Except(await Metrics.ExportedAsync(house.Processes))];
                return missing.Count == 0;
            }, "every metric that is asked for");
        }
        catch (TimeoutException)
        {
            Assert.Empty(missing);
        }
    }

    [Theory]
    [InlineData("histogram_quantile(0.95, sum by (le) (rate(a_bucket{x=\"b{}\"}[5m]))) > 3e2", "a_bucket")]
    [InlineData("max(a{k=~\".+_(c|d)\"}) / on (z) group_left (y) (b >= 500) unless a:b:1d offset 5m", "a", "b", "a:b:1d")]
    public void A_query_s_metrics_are_told_from_its_labels_and_functions(string query, params string[] metrics) =>
        Assert.Equal(metrics, PromQl.MetricsOf(query));

    private static IEnumerable<string> Queries() =>
        RuleLines().Matches(RuleFile()).Select(rule => rule.Groups["expr"].Value)
            .Concat(Directory.EnumerateFiles(Path.Combine(ServiceProcess.Root, Folder, "grafana/dashboards"), "*.json")
                .SelectMany(file => JsonNode.Parse(File.ReadAllText(file))!["panels"]!.AsArray())
                .SelectMany(panel => panel!["targets"]!.AsArray()).Select(target => (string)target!["expr"]!));

    private static IEnumerable<string> Recorded() => Records().Matches(RuleFile()).Select(rule => rule.Groups["name"].Value);

    private static string RuleFile() => string.Join('\n', Directory.EnumerateFiles(Path.Combine(ServiceProcess.Root, Folder, "rules"), "*.yml").Select(File.ReadAllText));

    /// <summary>A histogram's parts are its.</summary>
    private static string Base(string name) => Parts().Replace(name, "");

    [GeneratedRegex(@"^ +expr: (?:\|\n(?<expr>(?: {10,}.*\n)+)|(?<expr>.+)$)", RegexOptions.Multiline)]
    private static partial Regex RuleLines();

    [GeneratedRegex(@"- record: (?<name>\S+)")]
    private static partial Regex Records();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Parts();
}
