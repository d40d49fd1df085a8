using System.Diagnostics;
using System.Net.Sockets;
using System.Reflection;
using System.Text;

namespace Newsletter.Tests.Harness.Installations;

/// <summary>One of our processes as it is deployed: started from its build output, and killed as a machine kills.</summary>
public sealed class ServiceProcess : IAsyncDisposable
{
    private static readonly string Configuration = typeof(ServiceProcess).Assembly
        .GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "Configuration").Value!;

    private const int LowestPort = 10_000;
    private const int Ports = 10_000;
    private static int _ports = Random.Shared.Next(Ports);

    private readonly string _assembly;
    private readonly Dictionary<string, string> _environment;
    private readonly Uri _health;
    private readonly StringBuilder _output = new();
    private Process? _process;

    /// <param name="project">Folder from the repository's root, such as <c>services/mailer</c>.</param>
    /// <param name="health">Address under which <c>/health/ready</c> answers.</param>
    public ServiceProcess(string project, Dictionary<string, string> environment, Uri health)
    {
        var name = Path.GetFileName(project);
        _assembly = Path.Combine(Root, project, "bin", Configuration, "net10.0", $"Newsletter.{char.ToUpperInvariant(name[0])}{name[1..]}.dll");
        (Name, _environment, _health) = (name, environment, health);
    }

    public string Name { get; }
    public int Id => _process!.Id;
    public bool HasExited => _process!.HasExited;
    public int ExitCode => _process!.ExitCode;

    /// <summary>What the process wrote so far, both streams.</summary>
    public string Output
    {
        get { lock (_output) return _output.ToString(); }
    }

    public static string Root { get; } = FindRoot();

    /// <summary>
    /// A port that nobody listens on and that no earlier call returned. Below those that the system hands out for port 0 and for outgoing connections, so that
    /// it is still free when its process binds it, and below those of <c>tests/lib/services.sh</c>.
    /// </summary>
    public static int FreePort()
    {
        while (true)
        {
            var port = LowestPort + (int)((uint)Interlocked.Increment(ref _ports) % Ports);
            using var listener = TcpListener.Create(port);
            try
            {
                listener.Start();
                return port;
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
            {
                // Somebody else's.
            }
        }
    }

    public void Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true, UseShellExecute = false, WorkingDirectory = Path.GetTempPath() };
        start.ArgumentList.Add(_assembly);
        foreach (var argument in arguments) start.ArgumentList.Add(argument);
        foreach (var (key, value) in _environment) start.Environment[key] = value;
        start.Environment["DOTNET_gcServer"] = "0";
        // It would watch the whole of the temporary folder, in which the tests write.
        start.Environment["DOTNET_hostBuilder__reloadConfigOnChange"] = "false";
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Append(line.Data);
        _process.ErrorDataReceived += (_, line) => Append(line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public async Task ReadyAsync(TimeSpan? deadline = null)
    {
        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(5) };
        await Eventually.TrueAsync(async () =>
        {
            if (HasExited) throw new InvalidOperationException($"{Name} ended with {ExitCode}:\n{Output}");
            using var answer = await client.GetAsync(new Uri(_health, "/health/ready"));
            return answer.IsSuccessStatusCode;
        }, () => $"{Name} ready; it said:\n{Output}", deadline ?? TimeSpan.FromSeconds(90));
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync()
    {
        if (_process is not { HasExited: false }) return;
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public Task ExitedAsync() => _process!.WaitForExitAsync();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _process?.Dispose();
    }

    private void Append(string? line)
    {
        if (line is null) return;
        lock (_output) _output.AppendLine(line);
    }

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Newsletter.sln"))) folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("Not within the repository.");
        return folder;
    }
}
