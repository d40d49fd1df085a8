using System.Net;
using System.Net.Http.Json;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests;

/// <summary>What is special to the form in one process.</summary>
public sealed class StandaloneTests
{
    private const string Subscriptions = "/api/v1/publications/scipapermill/subscriptions";

    [Fact]
    public async Task Killed_right_after_a_sign_up_it_loses_nothing()
    {
        await using var house = new Standalone();
        await house.InitializeAsync();
        var addresses = Enumerable.Range(0, 20).Select(n => $"kill-{n}@example.com").ToList();
        foreach (var address in addresses)
        {
            using var answer = await house.Visitor().PostAsJsonAsync(Subscriptions, new { email = address, cadence = "weekly" });
            Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        }
        await house.Process.KillAsync();
        house.Process.Start();
        await house.Process.ReadyAsync();

        foreach (var address in addresses)
            await house.MailAsync(address, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation");
        using var digest = await house.Visitor().GetAsync("/scipapermill/posts/deep-learning-2026-07-04");
        Assert.Equal(HttpStatusCode.OK, digest.StatusCode);
    }

    [Theory]
    [InlineData("Newsletter__Url", "not an address", "Newsletter__Url")]
    [InlineData("Newsletter__Url", "http://0.0.0.0:0", "SendGrid__ApiKey")]
    [InlineData("ConnectionStrings__content", "nonsense", "ConnectionStrings__content")]
    public async Task A_wrong_setting_stops_it_with_one_line_that_names_it(string setting, string value, string named)
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-settings-").FullName;
        await using var process = new ServiceProcess("services/standalone", new() { ["Newsletter__Data"] = folder, [setting] = value }, new Uri("http://127.0.0.1:1"));
        process.Start();
        await process.ExitedAsync();

        Assert.Equal(1, process.ExitCode);
        Assert.Contains(named, Assert.Single(process.Output.Trim().Split('\n')), StringComparison.Ordinal);
        Directory.Delete(folder, recursive: true);
    }
}
