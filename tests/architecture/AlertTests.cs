using System.Diagnostics;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using YamlDotNet.Serialization;

namespace Newsletter.Architecture.Tests;

/// <summary>Alerts that nobody can read, or that never fire, and dashboards that show nothing.</summary>
public sealed partial class AlertTests
{
    private const string Folder = "deploy/observability";

    public static TheoryData<string> RuleTests => [.. Sources.Files($"{Folder}/rules/tests", ".yml")];

    public static TheoryData<string> Dashboards => [.. Sources.Files($"{Folder}/grafana/dashboards", ".json")];

    public static TheoryData<string> Alerts => [.. Rules().Select(rule => rule.Alert).OfType<string>()];

    [Fact]
    public async Task Prometheus_takes_its_configuration_and_the_rules() =>
        await PromtoolAsync("check", "config", $"{Folder}/prometheus.yml");

    [Theory, MemberData(nameof(RuleTests))]
    public async Task The_rules_tests_pass(string file) => await PromtoolAsync("test", "rules", file);

    [Theory, MemberData(nameof(Alerts))]
    public void An_alert_has_a_paragraph_in_the_runbook_and_a_test_that_it_fires_and_one_that_it_does_not(string alert)
    {
        Assert.Equal($"{Folder}/RUNBOOK.md#{alert.ToLowerInvariant()}", Rules().Single(rule => rule.Alert == alert).Annotations["runbook"]);
        Assert.Matches(new Regex($@"^## {alert}\n\S", RegexOptions.Multiline), Sources.Read($"{Folder}/RUNBOOK.md"));

        var tests = RuleTests.SelectMany(file => Read<RuleTestFile>(file.Data).Tests).SelectMany(test => test.AlertRuleTest).Where(test => test.Alertname == alert).ToList();
        Assert.Contains(tests, test => test.ExpAlerts.Count > 0);
        Assert.Contains(tests, test => test.ExpAlerts.Count == 0);
    }

    [Fact]
    public void The_runbook_is_about_alerts_that_there_are() =>
        Assert.Equal(Alerts.Select(a => a.Data).Order(), Heading().Matches(Sources.Read($"{Folder}/RUNBOOK.md")).Select(h => h.Groups["name"].Value).Order());

    [Theory, MemberData(nameof(Dashboards))]
    public async Task A_dashboard_s_queries_are_good(string file)
    {
        var queries = JsonNode.Parse(Sources.Read(file))!["panels"]!.AsArray().SelectMany(panel => panel!["targets"]!.AsArray()).Select(target => (string)target!["expr"]!).ToList();
        Assert.NotEmpty(queries);
        var rules = Path.GetTempFileName();
        try
        {
            var asRules = queries.Select((query, at) => new { record = $"query:{at}", expr = query });
            await File.WriteAllTextAsync(rules, System.Text.Json.JsonSerializer.Serialize(new { groups = new[] { new { name = "queries", rules = asRules } } }), TestContext.Current.CancellationToken);
            await PromtoolAsync("check", "rules", rules);
        }
        finally
        {
            File.Delete(rules);
        }
    }

    private static IEnumerable<Rule> Rules() => Sources.Files($"{Folder}/rules", ".yml").Where(f => !f.Contains("/tests/", StringComparison.Ordinal))
        .SelectMany(file => Read<RuleFile>(file).Groups).SelectMany(group => group.Rules);

    private static T Read<T>(string file) =>
        new DeserializerBuilder().WithNamingConvention(YamlDotNet.Serialization.NamingConventions.UnderscoredNamingConvention.Instance).IgnoreUnmatchedProperties().Build().Deserialize<T>(Sources.Read(file));

    private static async Task PromtoolAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("promtool") { WorkingDirectory = Sources.Root, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        using var promtool = Process.Start(start)!;
        var said = await Task.WhenAll(promtool.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), promtool.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await promtool.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(promtool.ExitCode == 0, string.Join('\n', said));
    }

    [GeneratedRegex(@"^## (?<name>\w+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    private sealed class RuleFile
    {
        public List<RuleGroup> Groups { get; set; } = [];
    }

    private sealed class RuleGroup
    {
        public List<Rule> Rules { get; set; } = [];
    }

    private sealed class Rule
    {
        public string? Alert { get; set; }
        public Dictionary<string, string> Annotations { get; set; } = [];
    }

    private sealed class RuleTestFile
    {
        public List<RuleTest> Tests { get; set; } = [];
    }

    private sealed class RuleTest
    {
        public List<AlertTest> AlertRuleTest { get; set; } = [];
    }

    private sealed class AlertTest
    {
        public string Alertname { get; set; } = "";
        public List<Dictionary<string, object>> ExpAlerts { get; set; } = [];
    }
}
