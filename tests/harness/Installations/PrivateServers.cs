using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Newsletter.Tests.Harness.Installations;

/// <summary>A PostgreSQL and a RabbitMQ that a test has to itself, to kill them and to start them again on the same data and ports.</summary>
public sealed partial class PrivateServers : IAsyncDisposable
{
    private const string PostgresName = "postgres";
    private const string RabbitMqName = "rabbitmq";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);
    private readonly string _folder;

    private PrivateServers(string folder, string exports)
    {
        var named = Export().Matches(exports).ToDictionary(m => m.Groups["name"].Value, m => m.Groups["value"].Value);
        (_folder, Postgres, RabbitMq, RabbitMqManagement) = (folder, named["POSTGRES"], named["RABBITMQ"], named["RABBITMQ_MANAGEMENT"]);
    }

    /// <summary>A connection string of a superuser.</summary>
    public string Postgres { get; }
    public string RabbitMq { get; }
    public string RabbitMqManagement { get; }

    public static async Task<PrivateServers> StartAsync()
    {
        // Where tests/run finds them, should we be killed ourselves.
        var parent = Environment.GetEnvironmentVariable("NEWSLETTER_TEST_FOLDER") ?? Path.GetTempPath();
        var folder = Directory.CreateDirectory(Path.Combine(parent, $"servers-{Guid.NewGuid():N}"[..16])).FullName;
        // PostgreSQL runs as another user and has to reach its own folder inside.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder, (UnixFileMode)0b111_001_001);
        return new(folder, await RunAsync("up", folder));
    }

    /// <summary>SIGKILL to all of it: nothing is flushed.</summary>
    public Task KillPostgresAsync() => RunAsync("kill", PostgresName, _folder);

    public Task StartPostgresAsync() => RunAsync("start", PostgresName, _folder);

    public Task KillRabbitMqAsync() => RunAsync("kill", RabbitMqName, _folder);

    public Task StartRabbitMqAsync() => RunAsync("start", RabbitMqName, _folder);

    public async ValueTask DisposeAsync()
    {
        // Nothing of them is needed any more, and they would take their time to put it in order.
        await KillPostgresAsync();
        await KillRabbitMqAsync();
        await RunAsync("down", _folder);
        Directory.Delete(_folder, recursive: true);
    }

    private static async Task<string> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[Path.Combine(ServiceProcess.Root, "tests/services"), .. arguments]) start.ArgumentList.Add(argument);
        using var script = Process.Start(start)!;
        using var limit = new CancellationTokenSource(Patience);
        var (output, errors) = (script.StandardOutput.ReadToEndAsync(limit.Token), script.StandardError.ReadToEndAsync(limit.Token));
        await script.WaitForExitAsync(limit.Token);
        if (script.ExitCode != 0) throw new InvalidOperationException($"tests/services {string.Join(' ', arguments)} failed:\n{await errors}");
        return await output;
    }

    [GeneratedRegex("^export NEWSLETTER_TEST_(?<name>[A-Z_]+)='(?<value>[^']*)'", RegexOptions.Multiline)]
    private static partial Regex Export();
}
