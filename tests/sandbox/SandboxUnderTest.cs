using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Hosting;
using Newsletter.Tests.Harness;
using SendGrid;
using Stripe;
using Stripe.Checkout;

namespace Newsletter.Sandbox.Tests;

/// <summary>The sandbox on a real socket, with the real clients of Stripe and SendGrid, and a receiver of its webhooks.</summary>
public sealed class SandboxUnderTest : IAsyncLifetime
{
    private readonly string folder = Directory.CreateTempSubdirectory("sandbox-test").FullName;
    private WebApplication? app;
    private Receiver? receiver;

    public ShiftedTime Time { get; } = new();

    public Dictionary<string, string?> Settings { get; } = [];

    internal Receiver Receiver => receiver!;

    public SandboxKeys Keys => app!.Services.GetRequiredService<SandboxKeys>();

    public string Address => app!.Urls.First();

    public HttpClient Http { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        receiver = await Receiver.StartAsync();
        await StartAsync();
    }

    public async Task RestartAsync()
    {
        await StopAsync();
        await StartAsync();
    }

    public StripeClient Stripe(string key = "sk_test_house") => new(new StripeClientOptions
    {
        ApiKey = key,
        ApiBase = $"{Address}/sandbox/stripe",
        HttpClient = new SystemNetHttpClient(maxNetworkRetries: 0),
    });

    public SendGridClient SendGrid(string key = "SG.house.key") => new(new SendGridClientOptions { ApiKey = key, Host = $"{Address}/sandbox/sendgrid" });

    public static async Task<Price> PriceAsync(StripeClient stripe, long amount = 800, string interval = "month", string? product = null) =>
        await stripe.V1.Prices.CreateAsync(new()
        {
            Currency = "usd",
            UnitAmount = amount,
            Product = product,
            ProductData = product is null ? new() { Name = "Reader" } : null,
            Recurring = new() { Interval = interval },
        });

    public static async Task<Session> CheckoutAsync(StripeClient stripe, Price price, Action<SessionCreateOptions>? change = null)
    {
        var options = new SessionCreateOptions
        {
            Mode = "subscription",
            LineItems = [new() { Price = price.Id, Quantity = 1 }],
            SuccessUrl = "https://example.com/thanks?session={CHECKOUT_SESSION_ID}",
            CancelUrl = "https://example.com/plans",
            CustomerEmail = "ann@example.com",
            ClientReferenceId = "reader-7",
            SubscriptionData = new() { Metadata = new() { ["reader"] = "7" } },
        };
        change?.Invoke(options);
        return await stripe.V1.Checkout.Sessions.CreateAsync(options);
    }

    /// <summary>Pays as a browser would, by the page's form.</summary>
    public Task<HttpResponseMessage> PayAsync(Session session, string card = "4242424242424242", string email = "ann@example.com", string step = "") =>
        PostFormAsync($"/sandbox/checkout/{session.Id}", ("email", email), ("card", card), ("step", step));

    public async Task<Subscription> SubscribeAsync(StripeClient stripe, Price? price = null)
    {
        var session = await CheckoutAsync(stripe, price ?? await PriceAsync(stripe));
        await PayAsync(session);
        return await stripe.V1.Subscriptions.GetAsync((await stripe.V1.Checkout.Sessions.GetAsync(session.Id)).SubscriptionId);
    }

    public Task<HttpResponseMessage> PostFormAsync(string path, params (string Name, string Value)[] fields) =>
        Http.PostAsync(path, new FormUrlEncodedContent(fields.Select(field => KeyValuePair.Create(field.Name, field.Value))));

    public async Task ControlAsync(string path, object? body = null)
    {
        using var response = await Http.PostAsJsonAsync($"/sandbox/api/{path}", body ?? new { });
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
    }

    public async Task<JsonArray> MessagesAsync(string to) =>
        (await Http.GetFromJsonAsync<JsonObject>($"/sandbox/api/messages?to={Uri.EscapeDataString(to)}"))!["items"]!.AsArray();

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (receiver is not null)
        {
            await receiver.DisposeAsync();
        }

        Directory.Delete(folder, recursive: true);
    }

    private async Task StartAsync()
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Testing" });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>(Settings)
        {
            ["Newsletter:Data"] = folder,
            ["Newsletter:Url"] = receiver!.Address,
        });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.AddDefaults("sandbox");
        builder.AddSandbox();
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.Replace(ServiceDescriptor.Singleton<TimeProvider>(Time));
        app = builder.Build();
        app.UseDefaults();
        app.MapSandbox();
        app.MapDefaults();
        await app.StartAsync();
        Http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new Uri(Address) };
    }

    private async Task StopAsync()
    {
        Http.Dispose();
        await app!.StopAsync();
        await app.DisposeAsync();
    }
}
