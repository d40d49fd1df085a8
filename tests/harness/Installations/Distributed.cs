using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Tests.Harness.Installations;

/// <summary>Four services and the sandbox behind the gateway, each a process, on PostgreSQL and RabbitMQ; every publication is an origin.</summary>
public class Distributed : Installation
{
    public static readonly string[] Services = ["subscriber", "content", "billing", "mailer"];
    private readonly string _folder = Directory.CreateTempSubdirectory("newsletter-distributed-").FullName;
    private readonly Dictionary<string, ServiceProcess> _processes = [];
    private readonly Dictionary<string, TestDatabase> _databases = [];
    private readonly int _port = ServiceProcess.FreePort();
    private readonly string _vhost = $"t-{Guid.NewGuid():N}";
    private readonly SpanReceiver _collector = new();
    private HttpClient? _management;

    /// <summary>Settings of all processes, beside those that make them one installation.</summary>
    protected virtual IReadOnlyDictionary<string, string> Settings { get; } = new Dictionary<string, string>();

    /// <summary>Servers that this installation has to itself; null: those of all tests.</summary>
    protected virtual Task<PrivateServers?> StartServersAsync() => Task.FromResult<PrivateServers?>(null);

    public PrivateServers? Servers { get; private set; }

    /// <summary>The sandbox's database: what the mail provider was given.</summary>
    public string SandboxFile => Path.Combine(_folder, "sandbox.db");
    private Dictionary<string, string> _shared = [];

    public override Uri Address => new($"http://localhost:{_port}");

    public ServiceProcess this[string service] => _processes[service];
    public TestDatabase DatabaseOf(string service) => _databases[service];
    /// <summary>The services' link to RabbitMQ.</summary>
    public FaultyLink Broker { get; private set; } = null!;

    /// <summary>The mailer's link to the mail provider.</summary>
    public FaultyLink Provider { get; private set; } = null!;

    public IReadOnlyList<ReceivedSpan> Spans => _collector.Spans;
    public Dictionary<string, Uri> Addresses { get; } = [];

    public override IReadOnlyCollection<Uri> Processes => Addresses.Values;

    public override string BaseUrlOf(string slug) => $"http://{slug}.localhost:{_port}";

    public override async ValueTask InitializeAsync()
    {
        Servers = await StartServersAsync();
        Broker = FaultyLink.To(new Uri(await MakeVirtualHostAsync()), out var broker);
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        foreach (var service in (string[])[.. Services, "sandbox", "console", "gateway"]) Addresses[service] = new($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        Provider = FaultyLink.To(new Uri(Addresses["sandbox"], "/sandbox/sendgrid"), out var provider);
        var shared = _shared = new Dictionary<string, string>
        {
            ["Newsletter__Url"] = Address.ToString().TrimEnd('/'),
            ["Newsletter__PagesDomain"] = "localhost",
            ["Newsletter__Data"] = _folder,
            ["Newsletter__Sandbox"] = "true",
            ["Newsletter__Owner__Email"] = "owner@example.com",
            ["Newsletter__Owner__ApiKey"] = OwnerKey,
            ["ConnectionStrings__rabbitmq"] = broker.ToString(),
            ["Stripe__ApiKey"] = "sk_test_sandbox",
            ["Stripe__ApiBase"] = $"{Addresses["sandbox"]}sandbox/stripe",
            ["Stripe__WebhookSecret"] = "whsec_system_tests",
            ["Sandbox__StripeWebhookSecret"] = "whsec_system_tests",
            ["SendGrid__ApiKey"] = "SG.system.tests",
            ["SendGrid__ApiBase"] = provider.ToString(),
            ["SendGrid__WebhookKey"] = Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()),
            ["Sandbox__SendGridPrivateKey"] = Convert.ToBase64String(key.ExportPkcs8PrivateKey()),
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = await _collector.StartAsync(),
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "200",
            ["Gateway__RequestsPerSecond"] = "100000",
            ["Gateway__UnsafeRequestsPerSecond"] = "100000",
            ["Gateway__MailingRequestsPerMinute"] = "1000000",
        };
        foreach (var (name, value) in Settings) shared[name] = value;
        foreach (var (service, address) in Addresses) shared[$"Services__{service}"] = address.ToString().TrimEnd('/');

        foreach (var service in Services)
        {
            _databases[service] = await TestDatabase.CreateAsync(server: Servers?.Postgres);
            Add(service, $"services/{service}", new(shared)
            {
                ["ASPNETCORE_URLS"] = Addresses[service].ToString(),
                [$"ConnectionStrings__{service}"] = _databases[service].ConnectionString,
            });
        }
        Add("sandbox", "services/sandbox", new(shared) { ["ASPNETCORE_URLS"] = Addresses["sandbox"].ToString() });
        Add("console", "services/console", new(shared) { ["ASPNETCORE_URLS"] = Addresses["console"].ToString() });
        Add("gateway", "gateway", new(shared) { ["Gateway__InternalUrl"] = Addresses["gateway"].ToString() });

        foreach (var process in _processes.Values) process.Start();
        foreach (var process in _processes.Values) await process.ReadyAsync();
        await SeedAsync();
        await SeededAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.Values) await process.DisposeAsync();
        await Broker.DisposeAsync();
        await Provider.DisposeAsync();
        await _collector.DisposeAsync();
        if (Servers is not null) await Servers.DisposeAsync();
        else await LeaveServersAsync();
        _management?.Dispose();
        Directory.Delete(_folder, recursive: true);
        await base.DisposeAsync();
    }

    /// <summary>A further gateway on a port of its own, with another service in content's place; the caller starts and ends it.</summary>
    public ServiceProcess AnotherGateway(int port, string contentAt) => AnotherGateway(out _, ("Newsletter__Url", $"http://localhost:{port}"), ("Services__content", contentAt));

    /// <summary>A further gateway with settings of its own.</summary>
    /// <param name="address">Where it answers health and metrics.</param>
    public ServiceProcess AnotherGateway(out Uri address, params (string Name, string Value)[] settings)
    {
        address = new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        var all = new Dictionary<string, string>(_shared) { ["Gateway__InternalUrl"] = address.ToString() };
        foreach (var (name, value) in settings) all[name] = value;
        return new("gateway", all, address);
    }

    /// <summary>A further process of a service, on the same database and broker; the caller starts and ends it.</summary>
    public ServiceProcess Another(string service)
    {
        var address = new Uri($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        return new($"services/{service}", new(_shared)
        {
            ["ASPNETCORE_URLS"] = address.ToString(),
            [$"ConnectionStrings__{service}"] = _databases[service].ConnectionString,
        }, address);
    }

    private void Add(string name, string project, Dictionary<string, string> environment) => _processes[name] = new(project, environment, Addresses[name]);

    private async Task SeedAsync()
    {
        await using var seeds = new ServiceProcess("seeds", [], Address);
        seeds.Start("--url", Address.ToString(), "--key", OwnerKey);
        await seeds.ExitedAsync();
        if (seeds.ExitCode != 0) throw new InvalidOperationException($"The seeds were not loaded:\n{seeds.Output}");
    }

    private async Task LeaveServersAsync()
    {
        foreach (var database in _databases.Values) await database.DisposeAsync();
        if (_management is null) return;
        using var _ = await _management.DeleteAsync($"api/vhosts/{_vhost}");
    }

    private async Task<string> MakeVirtualHostAsync()
    {
        var management = new Uri(Servers?.RabbitMqManagement ?? Setting("NEWSLETTER_TEST_RABBITMQ_MANAGEMENT"));
        _management = new HttpClient { BaseAddress = new Uri(management.GetLeftPart(UriPartial.Authority)) };
        _management.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue(
            "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(management.UserInfo))));
        using var made = await _management.PutAsJsonAsync($"api/vhosts/{_vhost}", new { });
        made.EnsureSuccessStatusCode();
        var user = management.UserInfo.Split(':')[0];
        using var allowed = await _management.PutAsJsonAsync($"api/permissions/{_vhost}/{user}", new { configure = ".*", write = ".*", read = ".*" });
        allowed.EnsureSuccessStatusCode();
        return $"{(Servers?.RabbitMq ?? Setting("NEWSLETTER_TEST_RABBITMQ")).TrimEnd('/')}/{_vhost}";
    }

    private static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name) ?? throw new InvalidOperationException($"{name} is not set: start the tests with tests/run.");
}
