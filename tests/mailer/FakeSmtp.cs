using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Newsletter.Mailer.Tests;

/// <summary>A mail server that keeps whom letters went to, and answers a letter when the test lets it.</summary>
public sealed class FakeSmtp : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<string> _letters = new();
    private readonly ConcurrentQueue<string> _texts = new();
    private readonly Dictionary<string, int> _atOnce = [];
    private readonly Dictionary<string, int> _most = [];
    private readonly Task _accepting;
    private int _taken;
    private int _connections;

    public FakeSmtp()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public int Connections => _connections;

    /// <summary>Addresses, one for each letter that came whole.</summary>
    public IReadOnlyList<string> Letters => [.. _letters];

    /// <summary>The letters themselves, as they came.</summary>
    public IReadOnlyList<string> Texts => [.. _texts];

    /// <summary>Waits, if it likes, before the letter with this number (from 1) to this recipient is answered.</summary>
    public Func<int, string, Task> BeforeAnswer { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>A whole answer instead of taking the recipient.</summary>
    public Func<string, string?> OnRecipient { get; set; } = _ => null;

    /// <summary>Letters to one domain that were under way at the same moment.</summary>
    public int MostAtOnce(string domain) => _most.GetValueOrDefault(domain);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (!_stop.IsCancellationRequested) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        Interlocked.Increment(ref _connections);
        using var reader = new StreamReader(client.GetStream());
        await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
        await writer.WriteLineAsync("220 test");
        var (to, inData, text) = ("", false, new StringBuilder());
        while (await reader.ReadLineAsync(_stop.Token) is { } line)
        {
            if (inData && line != ".")
            {
                text.Append(line.StartsWith("..", StringComparison.Ordinal) ? line[1..] : line).Append("\r\n");
                continue;
            }
            if (line == ".")
            {
                inData = false;
                _texts.Enqueue(text.ToString());
                text.Clear();
                _letters.Enqueue(to);
                await BeforeAnswer(Interlocked.Increment(ref _taken), to);
                Count(to, -1);
                await writer.WriteLineAsync("250 2.0.0 Ok: queued as 4Zx1");
                continue;
            }
            if (line.StartsWith("RCPT TO:", StringComparison.OrdinalIgnoreCase))
            {
                to = line["RCPT TO:".Length..].Trim('<', '>', ' ');
                if (OnRecipient(to) is { } refusal)
                {
                    await writer.WriteLineAsync(refusal);
                    if (refusal.StartsWith("421", StringComparison.Ordinal)) return;
                    continue;
                }
                Count(to, 1);
            }
            inData = line.StartsWith("DATA", StringComparison.OrdinalIgnoreCase);
            await writer.WriteLineAsync(inData ? "354 go on" : "250 ok");
        }
    }

    private void Count(string to, int more)
    {
        lock (_atOnce)
        {
            var domain = to[(to.LastIndexOf('@') + 1)..];
            var now = _atOnce[domain] = _atOnce.GetValueOrDefault(domain) + more;
            _most[domain] = Math.Max(now, _most.GetValueOrDefault(domain));
        }
    }
}
