namespace Newsletter.Tests.Harness.Installations;

/// <summary>Everything in one process on SQLite.</summary>
public class Standalone : Installation
{
    private readonly string _folder = Directory.CreateTempSubdirectory("newsletter-standalone-").FullName;
    private readonly int _port = ServiceProcess.FreePort();
    private readonly ServiceProcess _process;

    public Standalone() => _process = new("services/standalone", new()
    {
        ["Newsletter__Url"] = Address.ToString().TrimEnd('/'),
        ["Newsletter__Data"] = _folder,
        ["Newsletter__Owner__Email"] = "owner@example.com",
        ["Newsletter__Owner__ApiKey"] = OwnerKey,
        ["Gateway__RequestsPerSecond"] = "100000",
        ["Gateway__UnsafeRequestsPerSecond"] = "100000",
        ["Gateway__MailingRequestsPerMinute"] = "1000000",
    }, Address);

    public ServiceProcess Process => _process;

    public override Uri Address => new($"http://localhost:{_port}");

    public override IReadOnlyCollection<Uri> Processes => [Address];

    /// <summary>The file of a service's database.</summary>
    public string DatabaseOf(string service) => Path.Combine(_folder, $"{service}.db");

    public override string BaseUrlOf(string slug) => $"http://localhost:{_port}/{slug}";

    public override async ValueTask InitializeAsync()
    {
        _process.Start();
        await _process.ReadyAsync();
        await SeededAsync();
    }

    /// <summary>Until the seed publication can be read.</summary>
    public Task WaitForSeedAsync() => SeededAsync();

    public override async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        await base.DisposeAsync();
    }
}
