namespace Newsletter.SystemTests.Hosting;

/// <summary>Everything in one process on SQLite.</summary>
public sealed class Standalone : Installation
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
    }, Address);

    internal ServiceProcess Process => _process;

    public override Uri Address => new($"http://localhost:{_port}");

    public override string BaseUrlOf(string slug) => $"http://localhost:{_port}/{slug}";

    public override async ValueTask InitializeAsync()
    {
        _process.Start();
        await _process.ReadyAsync();
        await SeededAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
        await base.DisposeAsync();
    }
}
