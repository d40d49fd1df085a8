using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Newsletter.Mailer.Providers;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Providers;

/// <summary>Postfix's test server, with the faults that its options give it; keeps what it gets as files.</summary>
internal sealed class SmtpSink : IAsyncDisposable
{
    private const string Program = "/usr/sbin/smtp-sink";
    private readonly Process _process;
    private readonly DirectoryInfo _folder;

    private SmtpSink(Process process, DirectoryInfo folder, int port) => (_process, _folder, Port) = (process, folder, port);

    public int Port { get; }

    public static async Task<SmtpSink> StartAsync(params string[] options)
    {
        if (!File.Exists(Program)) throw new InvalidOperationException($"Missing: {Program} (Debian: postfix). tests/run installs it, or names it.");
        var folder = Directory.CreateTempSubdirectory("newsletter-sink-");
        var port = FreePort();
        var start = new ProcessStartInfo(Program) { WorkingDirectory = folder.FullName, RedirectStandardError = true, RedirectStandardOutput = true };
        if (Environment.UserName == "root")
        {
            // It gives up root's rights, and then still has to write its files.
            if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_111_111);
            foreach (var argument in (string[])["-u", "nobody"]) start.ArgumentList.Add(argument);
        }
        foreach (var argument in (string[])[.. options, "-d", "mail.", $"127.0.0.1:{port}", "128"]) start.ArgumentList.Add(argument);
        var sink = new SmtpSink(Process.Start(start)!, folder, port);
        await Eventually.TrueAsync(async () =>
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync(IPAddress.Loopback, port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }, "smtp-sink listening");
        return sink;
    }

    public IReadOnlyList<string> Mails => [.. _folder.GetFiles("mail.*").OrderBy(f => f.Name).Select(f => File.ReadAllText(f.FullName)).Where(text => text.Contains("Message-Id", StringComparison.OrdinalIgnoreCase))];

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public static SmtpProvider Provider(int port, DkimOptions? dkim = null, TimeSpan? timeout = null) => new(
        new() { Host = "127.0.0.1", Port = port, Security = SmtpSecurity.None, Dkim = dkim, Timeout = timeout ?? TimeSpan.FromSeconds(30) }, TimeProvider.System);

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
        _folder.Delete(recursive: true);
    }
}
