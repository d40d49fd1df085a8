using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;
using Stripe;

namespace Newsletter.Sandbox.Tests;

/// <summary>Catches what lives in memory only: the process is killed, not stopped.</summary>
public sealed class RestartTests
{
    [Fact]
    public async Task A_killed_sandbox_goes_on_where_it_was()
    {
        await using var receiver = await Receiver.StartAsync();
        receiver.Status = 503;
        var folder = Directory.CreateTempSubdirectory("sandbox-kill").FullName;
        var address = $"http://127.0.0.1:{ServiceProcess.FreePort()}";
        string id, key;
        using (var first = await RunAsync(address, folder, receiver.Address))
        using (var http = new HttpClient { BaseAddress = new Uri(address) })
        {
            id = (await Client(address).V1.Customers.CreateAsync(new() { Email = "ann@example.com" }, new() { IdempotencyKey = "once" })).Id;
            await new SendGrid.SendGridClient(new SendGrid.SendGridClientOptions { ApiKey = "SG.a.b", Host = $"{address}/sandbox/sendgrid" })
                .SendEmailAsync(MailTests.Letter(["ann@example.com"]));
            key = (string)(await http.GetFromJsonAsync<JsonObject>("/sandbox/api/sendgrid/webhook-key"))!["publicKey"]!;
            await KillAsync(first);
        }

        receiver.Status = 200;
        using var second = await RunAsync(address, folder, receiver.Address);
        using var again = new HttpClient { BaseAddress = new Uri(address) };
        Assert.Equal(id, (await Client(address).V1.Customers.CreateAsync(new() { Email = "ann@example.com" }, new() { IdempotencyKey = "once" })).Id);
        Assert.Single((await again.GetFromJsonAsync<JsonObject>("/sandbox/api/messages?to=ann@example.com"))!["items"]!.AsArray());
        await Eventually.TrueAsync(
            () => Task.FromResult(receiver.Posts.Count(post => post.Path == "/webhooks/stripe") == 1 && receiver.Reports(key).Count == 2),
            "the webhooks of before the kill, signed with the same keys");
        await KillAsync(second);
        Directory.Delete(folder, recursive: true);
    }

    private static StripeClient Client(string address) => new(new StripeClientOptions { ApiKey = "sk_test_house", ApiBase = $"{address}/sandbox/stripe" });

    private static async Task<Process> RunAsync(string address, string folder, string target)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(SandboxService).Assembly.Location])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["ASPNETCORE_URLS"] = address, ["Newsletter__Data"] = folder, ["Newsletter__Url"] = target },
        };
        var process = Process.Start(start)!;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var http = new HttpClient { BaseAddress = new Uri(address) };
        await Eventually.TrueAsync(async () => (await http.GetAsync("/health/ready")).IsSuccessStatusCode, "a sandbox that is ready");
        return process;
    }

    private static async Task KillAsync(Process process)
    {
        process.Kill();
        await process.WaitForExitAsync();
    }
}
