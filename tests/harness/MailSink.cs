using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Newsletter.Tests.Harness;

/// <summary>What a mail server does with a letter.</summary>
public enum SinkAnswer
{
    Take,
    /// <summary>451 to the recipient.</summary>
    Later,
    /// <summary>421 to the sender, and hangs up.</summary>
    Leave,
    /// <summary>554 to the recipient.</summary>
    Refuse,
    /// <summary>Before the letter was begun.</summary>
    HangUp,
    /// <summary>Takes it, and hangs up instead of an answer.</summary>
    TakeAndHangUp,
    /// <summary>Takes it, and never answers.</summary>
    TakeAndFallSilent,
}

/// <param name="At">When it was whole, by the machine's clock.</param>
public sealed record SunkLetter(string Address, DateTimeOffset At);

/// <summary>A mail server that keeps whom it took letters for, and when: every copy, answered or not.</summary>
public sealed class MailSink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentQueue<SunkLetter> _taken = new();
    private readonly ConcurrentQueue<string> _refused = new();
    private readonly Task _accepting;
    private int _unanswered;

    public MailSink()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    public IReadOnlyCollection<SunkLetter> Taken => _taken;

    /// <summary>Whom it never took a letter for, each time.</summary>
    public IReadOnlyCollection<string> Refused => _refused;

    /// <summary>Letters that it took and of which it did not say so.</summary>
    public int Unanswered => _unanswered;

    /// <summary>Asked at the start of each letter.</summary>
    public Func<SinkAnswer> Answer { get; set; } = () => SinkAnswer.Take;

    /// <summary>Between a letter's end and the answer to it.</summary>
    public TimeSpan Latency { get; set; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
    }

    private async Task ServeAsync(TcpClient client)
    {
        using var _ = client;
        client.NoDelay = true;
        try
        {
            using var reader = new StreamReader(client.GetStream(), Encoding.UTF8);
            await new Session(this, client.GetStream(), reader, _stop.Token).RunAsync();
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // Whoever sent went away, which is what is tested.
        }
    }

    private sealed class Session(MailSink sink, NetworkStream stream, StreamReader reader, CancellationToken stop)
    {
        public async Task RunAsync()
        {
            await SayAsync("220 sink");
            var (to, answer) = ("", SinkAnswer.Take);
            while (await reader.ReadLineAsync(stop) is { } line)
            {
                var verb = line.Length < 4 ? line : line[..4].ToUpperInvariant();
                switch (verb)
                {
                    case "EHLO":
                        await SayAsync("250-sink\r\n250-8BITMIME\r\n250 SMTPUTF8");
                        break;
                    case "MAIL":
                        answer = sink.Answer();
                        if (answer == SinkAnswer.HangUp) return;
                        await SayAsync(answer == SinkAnswer.Leave ? "421 4.3.2 going down, try again in 1 second" : "250 2.1.0 ok");
                        if (answer == SinkAnswer.Leave) return;
                        break;
                    case "RCPT":
                        to = line[(line.IndexOf('<', StringComparison.Ordinal) + 1)..line.LastIndexOf('>')];
                        if (answer == SinkAnswer.Refuse) sink._refused.Enqueue(to);
                        await SayAsync(answer switch
                        {
                            SinkAnswer.Later => "451 4.7.1 try again later",
                            SinkAnswer.Refuse => "554 5.7.1 not from you",
                            _ => "250 2.1.5 ok",
                        });
                        break;
                    case "DATA":
                        await SayAsync("354 go on");
                        if (!await TakeAsync(to, answer)) return;
                        break;
                    case "QUIT":
                        await SayAsync("221 2.0.0 bye");
                        return;
                    default:
                        await SayAsync("250 2.0.0 ok");
                        break;
                }
            }
        }

        /// <returns>Whether the conversation goes on.</returns>
        private async Task<bool> TakeAsync(string to, SinkAnswer answer)
        {
            string? line;
            while ((line = await reader.ReadLineAsync(stop)) is not null and not ".") { }
            // What breaks off in the middle is no letter.
            if (line is null) return false;
            sink._taken.Enqueue(new(to, DateTimeOffset.UtcNow));
            if (answer is SinkAnswer.TakeAndHangUp or SinkAnswer.TakeAndFallSilent) Interlocked.Increment(ref sink._unanswered);
            if (answer == SinkAnswer.TakeAndHangUp) return false;
            await Task.Delay(answer == SinkAnswer.TakeAndFallSilent ? Timeout.InfiniteTimeSpan : sink.Latency, stop);
            await SayAsync("250 2.0.0 Ok: queued as 4Zx1");
            return true;
        }

        private ValueTask SayAsync(string line) => stream.WriteAsync(Encoding.ASCII.GetBytes(line + "\r\n"), stop);
    }
}
