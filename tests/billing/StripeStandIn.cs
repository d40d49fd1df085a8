using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Newsletter.Defaults.Hosting;
using Newsletter.Sandbox;

namespace Newsletter.Billing.Tests;

/// <summary>The sandbox on a port of its own: billing speaks to it as to Stripe, over HTTP and through Stripe's own library.</summary>
public sealed class StripeStandIn : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly string _folder;

    private StripeStandIn(WebApplication app, string folder)
    {
        (_app, _folder) = (app, folder);
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Http { get; }
    public string ApiKey { get; } = "sk_test_billing";
    public string ApiBase => new Uri(Http.BaseAddress!, "/sandbox/stripe").ToString();
    public string WebhookSecret => _app.Services.GetRequiredService<SandboxKeys>().StripeWebhookSecret;

    public static async Task<StripeStandIn> StartAsync()
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-sandbox-").FullName;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Testing" });
        builder.Configuration.AddInMemoryCollection([new("Newsletter:Data", folder)]);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddDefaults("sandbox");
        builder.AddSandbox();
        var app = builder.Build();
        app.UseDefaults();
        app.MapSandbox();
        await app.StartAsync();
        app.Services.GetRequiredService<IOptions<SandboxOptions>>().Value.PublicUrl = app.Urls.First();
        return new(app, folder);
    }

    public void SendWebhooksTo(Uri receiver) =>
        _app.Services.GetRequiredService<IOptions<SandboxOptions>>().Value.StripeWebhookTarget = new Uri(receiver, "/webhooks/stripe").ToString();

    /// <summary>See the sandbox's <c>StripeFaults</c>; an empty object ends them.</summary>
    public async Task FaultsAsync(object faults) => (await Http.PostAsJsonAsync("/sandbox/api/stripe/faults", faults)).EnsureSuccessStatusCode();

    /// <summary>Loses every webhook from now on, as a receiver does that is not there.</summary>
    public Task LoseWebhooksAsync() => FaultsAsync(new { dropFirst = 1_000_000 });

    public async Task PayAsync(string session, string? card = null) =>
        (await Http.PostAsJsonAsync($"/sandbox/api/stripe/checkout/{session}/complete", new { card })).EnsureSuccessStatusCode();

    /// <summary>A period passes.</summary>
    public Task AdvanceAsync(string subscription) => ControlAsync($"subscriptions/{subscription}/advance");

    public Task FailNextPaymentAsync(string subscription) => ControlAsync($"subscriptions/{subscription}/fail-next-payment");

    public async Task ControlAsync(string path, object? body = null) =>
        (await Http.PostAsJsonAsync($"/sandbox/api/stripe/{path}", body ?? new { })).EnsureSuccessStatusCode();

    public async Task<JsonObject> CallAsync(HttpMethod method, string path, params (string Name, string Value)[] form)
    {
        using var request = new HttpRequestMessage(method, $"/sandbox/stripe/v1/{path}");
        request.Headers.Authorization = new("Bearer", ApiKey);
        if (form.Length > 0) request.Content = new FormUrlEncodedContent(form.Select(f => KeyValuePair.Create(f.Name, f.Value)));
        using var response = await Http.SendAsync(request);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonObject>())!;
    }

    /// <summary>Every event so far as it would be posted, oldest first.</summary>
    public async Task<List<string>> EventsAsync() =>
        [.. (await CallAsync(HttpMethod.Get, "events?limit=100"))["data"]!.AsArray().Select(e => e!.ToJsonString()).Reverse()];

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Posts events to billing's webhook, signed by Stripe's own library.</summary>
public static class Webhooks
{
    public static async Task<HttpResponseMessage> PostEventAsync(
        this HttpClient client, string body, string secret, DateTimeOffset? at = null, string? signature = null, string path = "/webhooks/stripe")
    {
        var time = (at ?? DateTimeOffset.UtcNow).ToUnixTimeSeconds();
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        var header = signature ?? Sign(body, secret, time);
        if (header.Length > 0) request.Headers.TryAddWithoutValidation("Stripe-Signature", header);
        return await client.SendAsync(request);
    }

    public static string Sign(string body, string secret, long time) => Stripe.EventUtility.GenerateSignatureHeader(body, secret, time);
}
