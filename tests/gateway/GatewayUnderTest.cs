using System.Net;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Gateway.Tests;

/// <summary>
/// The gateway as a real process, and behind it services that tell what reached them. The publication <c>papers</c> lives below a path,
/// <c>poems</c> is an origin; billing is down.
/// </summary>
public class GatewayUnderTest : IAsyncLifetime
{
    public static readonly Guid Papers = Guid.Parse("01980000-0000-7000-8000-000000000001");
    public static readonly Guid Poems = Guid.Parse("01980000-0000-7000-8000-000000000002");
    private readonly Dictionary<string, WebApplication> _services = [];
    private readonly List<HttpClient> _clients = [];
    private readonly SpanReceiver _collector = new();
    private TestBroker _broker = null!;
    private ServiceProcess _gateway = null!;

    public Uri Address { get; } = new($"http://localhost:{ServiceProcess.FreePort()}");

    /// <summary>The listener that only our own processes reach.</summary>
    public Uri InternalAddress { get; } = new($"http://127.0.0.1:{ServiceProcess.FreePort()}");

    public string PoemsOrigin => OriginOf("poems");

    /// <summary>A publication that the gateway hears of from content only, and only when it asks after this is set.</summary>
    public string? NewSlug { get; set; }

    public bool ContentIsAway { get; set; }

    public string OriginOf(string slug) => $"http://{slug}.localhost:{Address.Port}";

    public IReadOnlyList<ReceivedSpan> Spans => _collector.Spans;

    /// <summary>What the gateway wrote to its log so far.</summary>
    public string Log => _gateway.Output;

    protected virtual Dictionary<string, string> Settings => [];

    public async ValueTask InitializeAsync()
    {
        _broker = await TestBroker.CreateAsync();
        foreach (var name in (string[])["subscriber", "content", "mailer", "console", "sandbox"]) _services[name] = await StartServiceAsync(name);
        var settings = new Dictionary<string, string>
        {
            ["Newsletter__Url"] = Address.ToString().TrimEnd('/'),
            ["Newsletter__PagesDomain"] = "localhost",
            ["ASPNETCORE_URLS"] = Address.ToString().TrimEnd('/'),
            ["ConnectionStrings__rabbitmq"] = _broker.Address.AbsoluteUri,
            ["Services__billing"] = $"http://127.0.0.1:{ServiceProcess.FreePort()}",
            ["Stripe__ApiBase"] = $"{_services["sandbox"].Urls.First()}/sandbox/stripe",
            ["Gateway__InternalUrl"] = InternalAddress.ToString().TrimEnd('/'),
            ["Gateway__MaxRequestBytes"] = "2097152",
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = await _collector.StartAsync(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
        };
        foreach (var (name, service) in _services) settings[$"Services__{name}"] = service.Urls.First();
        foreach (var (name, value) in Settings) settings[name] = value;
        _gateway = new("gateway", settings, Address);
        _gateway.Start();
        await _gateway.ReadyAsync();
        // It has heard of its publications when the origin answers as one.
        await Eventually.TrueAsync(async () => (string?)(await ReachedAsync(await GetAsync("/archive", PoemsOrigin)))?["path"] == "/poems/archive", "known publications");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        await _gateway.DisposeAsync();
        foreach (var service in _services.Values) await service.DisposeAsync();
        await _broker.DisposeAsync();
        await _collector.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    public Task<HttpResponseMessage> GetAsync(string path, string? origin = null, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Get, path, origin, null, headers);

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? origin, HttpContent? content, params (string Name, string Value)[] headers) =>
        SendAsync(Address, method, path, origin, content, headers);

    /// <summary>As one of our own processes.</summary>
    public Task<HttpResponseMessage> SendInternallyAsync(HttpMethod method, string path, params (string Name, string Value)[] headers) =>
        SendAsync(InternalAddress, method, path, null, null, headers);

    private async Task<HttpResponseMessage> SendAsync(
        Uri address, HttpMethod method, string path, string? origin, HttpContent? content, (string Name, string Value)[] headers)
    {
        // As it is written: a client of another kind does not tidy paths up before it sends them.
        var uri = new Uri(address.GetLeftPart(UriPartial.Authority) + path, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(method, uri) { Content = content };
        if (origin is not null) request.Headers.Host = new Uri(origin).Authority;
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(30) });
        _clients.Add(client);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>What the service saw of the request; null when none was reached.</summary>
    public static async Task<JsonObject?> ReachedAsync(HttpResponseMessage answer) =>
        answer.Headers.Contains("X-Echo") ? JsonNode.Parse(await answer.Content.ReadAsStringAsync())!.AsObject() : null;

    private async Task<WebApplication> StartServiceAsync(string name)
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapGet("/openapi/v1.json", () => Results.Json(new { openapi = "3.1.1", paths = new Dictionary<string, object> { [$"/api/{name}"] = new { } } }));
        if (name == "content")
        {
            app.MapGet("/internal/publications", Publications);
            app.MapGet("/papers/editions-like", (HttpResponse response) =>
            {
                response.Headers.ContentSecurityPolicy = "sandbox";
                return "own policy";
            });
        }
        if (name == "subscriber") app.MapPost("/internal/token", Exchange);
        app.MapFallback("{**rest}", Task<IResult> (HttpContext http, CancellationToken _) => EchoAsync(name, http));
        await app.StartAsync();
        return app;
    }

    private IResult Publications()
    {
        if (ContentIsAway) return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        var known = new[] { new { id = Papers, slug = "papers", baseUrl = $"{Address}papers" }, new { id = Poems, slug = "poems", baseUrl = PoemsOrigin } };
        return Results.Json(new { items = NewSlug is null ? known : [.. known, new { id = Guid.CreateVersion7(), slug = NewSlug, baseUrl = OriginOf(NewSlug) }] });
    }

    private static IResult Exchange(TokenRequest request) => request switch
    {
        { Credential: "nls_poems" } when request.PublicationId == Poems => Results.Json(new { token = "token-poems", expiresAt = DateTimeOffset.UtcNow.AddMinutes(5) }),
        { Credential: "nls_papers" or "nlk_papers" } when request.PublicationId == Papers => Results.Json(new { token = "token-papers", expiresAt = DateTimeOffset.UtcNow.AddMinutes(5) }),
        _ => Results.NotFound(),
    };

    private static async Task<IResult> EchoAsync(string service, HttpContext http)
    {
        var bytes = 0L;
        var buffer = new byte[8192];
        int read;
        while ((read = await http.Request.Body.ReadAsync(buffer, http.RequestAborted)) > 0) bytes += read;
        http.Response.Headers["X-Echo"] = service;
        return Results.Json(new
        {
            service,
            path = http.Request.Path.Value,
            query = http.Request.QueryString.Value,
            bytes,
            headers = http.Request.Headers.ToDictionary(h => h.Key.ToLowerInvariant(), h => h.Value.ToString()),
        });
    }

    private sealed record TokenRequest(string Credential, Guid? PublicationId);
}
