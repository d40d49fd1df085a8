using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Security.Cryptography;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>
/// Editions through a mail server: personal letters of about 28 KB to Postfix's smtp-sink, unsigned and signed with RSA-2048. References: smtp-source to the same sink, with mail of the same size over as many
/// connections; and the signatures that openssl makes on all processors.
/// </summary>
internal static class SmtpBenchmark
{
    private const int Recipients = 20_000;
    private const int Connections = 32;
    private const int Runs = 5;
    // Twice in the letter, as text and as HTML, with line breaks of quoted-printable.
    private const int Sentences = 270;

    public static async Task<IEnumerable<Figure>> RunAsync()
    {
        using var key = RSA.Create(2048);
        return
        [
            .. await MeasureAsync("SMTP, unsigned", [], async (port, size) => (await SourceAsync(port, size), "smtp-source, same size and connections")),
            .. await MeasureAsync(
                "SMTP, DKIM rsa-sha256, 2,048 bits",
                [("Smtp__Dkim__Domain", "localhost"), ("Smtp__Dkim__Selector", "bench"), ("Smtp__Dkim__PrivateKey", key.ExportPkcs8PrivateKeyPem())],
                async (_, _) => (await SignaturesAsync(), "openssl speed rsa2048, all processors, signatures")),
        ];
    }

    private static async Task<IEnumerable<Figure>> MeasureAsync(string what, (string, string)[] settings, Func<int, long, Task<(double, string)>> reference)
    {
        var port = ServiceProcess.FreePort();
        await using var sendGrid = new MailSink();
        await sendGrid.StartAsync();
        await using var house = new MailHouse(
            sendGrid,
            [.. settings, ("Mail__Provider", "smtp"), ("Smtp__Host", "127.0.0.1"), ("Smtp__Port", $"{port}"), ("Smtp__Security", "None"), ("Smtp__Connections", $"{Connections}")]);
        await house.InitializeAsync();
        var owner = house.Staff();
        var size = await SizeAsync(house, owner, port, isSigned: settings.Length > 0);
        await house.FillAsync(Recipients);
        List<double> rates = [], references = [];
        var of = "";
        await using var sink = await SinkAsync(port);
        for (var run = -1; run < Runs; run++)
        {
            var (_, rate, _) = await MailBenchmark.EditionAsync(owner, Recipients, sentences: Sentences);
            (var bare, of) = await reference(port, size);
            if (run < 0) continue; // warms the compiler up
            rates.Add(rate);
            references.Add(bare);
        }
        return [new(string.Create(CultureInfo.InvariantCulture, $"letters of {size / 1000.0:0.0} KB by {what}, publish → all accepted, {Recipients:#,##0} recipients, {Connections} connections"), rates, "/s", of, references)];
    }

    /// <summary>Bytes of a letter as the server gets it.</summary>
    private static async Task<long> SizeAsync(MailHouse house, HttpClient owner, int port, bool isSigned)
    {
        var folder = Directory.CreateTempSubdirectory("newsletter-sink-");
        // smtp-sink gives up root's rights and still has to write its files.
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(folder.FullName, (UnixFileMode)0b111_111_111);
        try
        {
            await using var sink = await SinkAsync(port, "-d", Path.Combine(folder.FullName, "mail."));
            await house.FillAsync(1);
            await MailBenchmark.EditionAsync(owner, 1, sentences: Sentences);
            var letter = folder.GetFiles().MaxBy(f => f.Length)!;
            var text = await File.ReadAllTextAsync(letter.FullName);
            if (text.Contains("DKIM-Signature:", StringComparison.Ordinal) != isSigned) throw new InvalidOperationException("The letter is not signed as it should be.");
            return letter.Length;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<Ended> SinkAsync(int port, params string[] options)
    {
        string[] user = Environment.UserName == "root" ? ["-u", "nobody"] : [];
        var sink = new Ended(Process.Start(new ProcessStartInfo("/usr/sbin/smtp-sink", [.. user, .. options, $"127.0.0.1:{port}", "128"]))!);
        await MailBenchmark.UntilAsync(async () =>
        {
            using var probe = new TcpClient();
            try
            {
                await probe.ConnectAsync("127.0.0.1", port);
                return true;
            }
            catch (SocketException)
            {
                return false;
            }
        }, "smtp-sink listening");
        return sink;
    }

    private static async Task<double> SourceAsync(int port, long size)
    {
        var watch = Stopwatch.StartNew();
        await RunAsync("/usr/sbin/smtp-source", "-d", "-s", $"{Connections}", "-m", $"{Recipients}", "-l", $"{size}", "-f", "from@example.com", "-t", "to@example.com", $"127.0.0.1:{port}");
        return Recipients / watch.Elapsed.TotalSeconds;
    }

    private static async Task<double> SignaturesAsync()
    {
        // The last line: rsa 2048 bits, seconds a signature, seconds a verification, signatures a second, verifications a second.
        var answer = await RunAsync("openssl", "speed", "-seconds", "3", "-multi", $"{Environment.ProcessorCount}", "rsa2048");
        var line = answer.Split('\n').Last(l => l.StartsWith("rsa 2048", StringComparison.Ordinal));
        return double.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2], CultureInfo.InvariantCulture);
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = process.StandardError.ReadToEndAsync();
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? output : throw new InvalidOperationException($"{program} ended with {process.ExitCode}: {await errors}");
    }

    /// <summary>A process that is ended with what it is used for.</summary>
    private sealed class Ended(Process process) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
    }
}
