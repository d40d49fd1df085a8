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

        // What was being sent when the process died waits for its lease (75 s).
        foreach (var address in addresses)
            await house.MailAsync(address, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation", TimeSpan.FromMinutes(3));
        using var digest = await house.Visitor().GetAsync("/scipapermill/posts/deep-learning-2026-07-04");
        Assert.Equal(HttpStatusCode.OK, digest.StatusCode);
    }

    [Fact]
    public async Task Behind_a_proxy_no_provider_is_played_without_being_asked_for()
    {
        await using var house = new BareHouse(("Newsletter__Url", "https://news.example.com"), ("Smtp__Host", "127.0.0.1"));
        house.Process.Start();
        await house.Process.ExitedAsync().WaitAsync(TimeSpan.FromSeconds(60));

        Assert.Equal(1, house.Process.ExitCode);
        Assert.StartsWith("Setting Stripe__ApiKey:", Assert.Single(house.Process.Output.Trim().Split('\n')), StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_real_providers_there_is_no_sandbox()
    {
        await using var house = new BareHouse(
            ("Smtp__Host", "127.0.0.1"), ("Stripe__ApiKey", "sk_test_real"), ("Stripe__WebhookSecret", "whsec_real"), ("Stripe__ApiBase", "http://127.0.0.1:1"));
        house.Process.Start();
        await house.Process.ReadyAsync();

        using var client = new HttpClient();
        using var inbox = await client.GetAsync(new Uri(house.Address, "/sandbox/api/messages"));
        Assert.Equal(HttpStatusCode.NotFound, inbox.StatusCode);
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

    /// <summary>Standalone on loopback, without the seeds.</summary>
    private sealed class BareHouse : IAsyncDisposable
    {
        private readonly string _folder = Directory.CreateTempSubdirectory("newsletter-bare-").FullName;

        public BareHouse(params (string Name, string Value)[] settings)
        {
            var all = new Dictionary<string, string>
            {
                ["ASPNETCORE_URLS"] = Address.ToString().TrimEnd('/'),
                ["Newsletter__Data"] = _folder,
                ["Newsletter__Seed"] = "false",
            };
            foreach (var (name, value) in settings) all[name] = value;
            Process = new("services/standalone", all, Address);
        }

        public Uri Address { get; } = new($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        public ServiceProcess Process { get; }

        public async ValueTask DisposeAsync()
        {
            await Process.DisposeAsync();
            Directory.Delete(_folder, recursive: true);
        }
    }
}
