using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Tests.Providers;

/// <summary>Stands where SendGrid stands, and answers what a test says.</summary>
internal sealed class FakeSendGrid : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServiceProvider _services;

    private FakeSendGrid(WebApplication app, TimeSpan timeout)
    {
        _app = app;
        var services = new ServiceCollection();
        SendGridProvider.Register(services);
        services.AddSingleton(TimeProvider.System);
        services.AddSingleton(new SendGridOptions { ApiKey = "SG.test", ApiBase = $"{app.Urls.First()}/sandbox/sendgrid", Timeout = timeout });
        services.AddSingleton<SendGridProvider>();
        _services = services.BuildServiceProvider();
    }

    public Func<HttpContext, JsonElement, Task> Answer { get; set; } = Accept;
    public ConcurrentQueue<JsonElement> Calls { get; } = [];
    public string? Authorization { get; private set; }
    public SendGridProvider Provider => _services.GetRequiredService<SendGridProvider>();

    public static async Task<FakeSendGrid> StartAsync(TimeSpan? timeout = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        FakeSendGrid? fake = null;
        app.MapPost("/sandbox/sendgrid/v3/mail/send", async http =>
        {
            var body = await JsonSerializer.DeserializeAsync<JsonElement>(http.Request.Body);
            fake!.Calls.Enqueue(body);
            fake.Authorization = http.Request.Headers.Authorization;
            await fake.Answer(http, body);
        });
        await app.StartAsync();
        return fake = new(app, timeout ?? TimeSpan.FromSeconds(30));
    }

    public static Task Accept(HttpContext http, JsonElement body)
    {
        http.Response.StatusCode = 202;
        http.Response.Headers["X-Message-Id"] = "abc123";
        return Task.CompletedTask;
    }

    public static Func<HttpContext, JsonElement, Task> With(int status, string body, string type = "application/json", params (string Name, string Value)[] headers) => async (http, _) =>
    {
        http.Response.StatusCode = status;
        http.Response.ContentType = type;
        foreach (var (name, value) in headers) http.Response.Headers[name] = value;
        await http.Response.WriteAsync(body);
    };

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _app.DisposeAsync();
    }
}
