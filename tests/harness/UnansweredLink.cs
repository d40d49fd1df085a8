using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Newsletter.Tests.Harness;

/// <summary>
/// A link to PostgreSQL on which a commit happens whose answer never comes: whoever sent it cannot tell whether it did. The one that is meant is found by a statement of its
/// transaction. Connections must not be encrypted (<see cref="TestDatabase.Through"/>).
/// </summary>
public sealed class UnansweredLink : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _end = new();
    private readonly (string Host, int Port) _server;
    private readonly Task _accepting;
    private readonly Lock _switch = new();
    private readonly HashSet<TcpClient> _open = [];
    private Loss? _loss;
    private bool _cut;

    public UnansweredLink(string host, int port)
    {
        _server = (host, port);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>
    /// The commit of the next transaction in which this stands, or the statement itself where it is a transaction of its own, is not answered; its connection is gone.
    /// </summary>
    /// <param name="after">So many of them are still answered.</param>
    /// <param name="happens">Whether the server gets to see it.</param>
    /// <param name="staysAway">From then on no connection comes about, until <see cref="Mend"/>.</param>
    /// <returns>Ends when it has happened.</returns>
    public Task LoseAsync(string statement, int after = 0, bool happens = true, bool staysAway = false)
    {
        var loss = new Loss(statement, happens, staysAway) { Left = after };
        lock (_switch) _loss = loss;
        return loss.Done.Task;
    }

    public void Mend()
    {
        lock (_switch) _cut = false;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        lock (_switch) foreach (var client in _open) client.Dispose();
        await _accepting.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _listener.Dispose();
        _end.Dispose();
    }

    private async Task AcceptAsync()
    {
        while (true) _ = PassAsync(await _listener.AcceptTcpClientAsync(_end.Token));
    }

    private async Task PassAsync(TcpClient client)
    {
        using var server = new TcpClient { NoDelay = true };
        client.NoDelay = true;
        try
        {
            lock (_switch)
            {
                if (_cut) throw new IOException("cut");
                _open.Add(client);
            }
            await server.ConnectAsync(_server.Host, _server.Port, _end.Token);
            var connection = new Connection(this, client.GetStream(), server.GetStream());
            await await Task.WhenAny(connection.AskAsync(_end.Token), connection.AnswerAsync(_end.Token));
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // Either end went away, or was made to.
        }
        lock (_switch) _open.Remove(client);
        client.LingerState = new(true, 0);
        client.Dispose();
    }

    /// <summary>The loss that this statement is meant for.</summary>
    private Loss? Meant(string text)
    {
        lock (_switch)
        {
            if (_loss is not { } loss || !text.Contains(loss.Statement, StringComparison.Ordinal) || loss.Left-- > 0) return null;
            _loss = null;
            return loss;
        }
    }

    private void Happened(Loss loss)
    {
        lock (_switch)
        {
            if (loss.StaysAway)
            {
                _cut = true;
                foreach (var client in _open) client.Dispose();
                _open.Clear();
            }
        }
        loss.Done.TrySetResult();
    }

    private sealed record Loss(string Statement, bool Happens, bool StaysAway)
    {
        public int Left { get; set; }
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private sealed class Connection(UnansweredLink link, NetworkStream client, NetworkStream server)
    {
        private readonly Dictionary<string, string> _prepared = [];
        private bool _inTransaction;
        private Loss? _atCommit;
        /// <summary>Set before the server sees what it is not to be heard of.</summary>
        private volatile Loss? _now;

        /// <summary>What the client says, message by message.</summary>
        public async Task AskAsync(CancellationToken end)
        {
            for (var isFirst = true; await MessageAsync(isFirst, end) is { } message; isFirst = false)
            {
                if (!isFirst && StatementIn(message) is { } statement) Read(statement);
                if (_now is { Happens: false } loss)
                {
                    link.Happened(loss);
                    return;
                }
                await server.WriteAsync(message, end);
            }
        }

        /// <summary>What the server answers; it does when what it was asked has happened.</summary>
        public async Task AnswerAsync(CancellationToken end)
        {
            var buffer = new byte[64 * 1024];
            while (await server.ReadAsync(buffer, end) is > 0 and var length)
            {
                if (_now is { } loss)
                {
                    link.Happened(loss);
                    return;
                }
                await client.WriteAsync(buffer.AsMemory(0, length), end);
            }
        }

        /// <summary>What the message asks to be done. A statement with a name is only kept by that, and done whenever it is bound.</summary>
        private string? StatementIn(byte[] message)
        {
            var words = Encoding.UTF8.GetString(message, 1 + sizeof(int), message.Length - 1 - sizeof(int)).Split('\0', 3);
            switch ((char)message[0])
            {
                case 'Q':
                    return words[0];
                case 'P' when words[0].Length == 0:
                    return words[1];
                case 'P':
                    _prepared[words[0]] = words[1];
                    return null;
                case 'B':
                    return _prepared.GetValueOrDefault(words[1]);
                default:
                    return null;
            }
        }

        private void Read(string message)
        {
            // A block of PL/pgSQL has a BEGIN of its own, further on.
            if (message.StartsWith("BEGIN", StringComparison.Ordinal)) _inTransaction = true;
            else if (message.StartsWith("COMMIT", StringComparison.Ordinal)) (_now, _inTransaction) = (_atCommit, false);
            else if (message.StartsWith("ROLLBACK", StringComparison.Ordinal)) (_atCommit, _inTransaction) = (null, false);
            else if (link.Meant(message) is { } loss)
            {
                if (_inTransaction) _atCommit = loss;
                else _now = loss;
            }
        }

        /// <summary>Type, length and content; the first message of a connection has no type.</summary>
        private async Task<byte[]?> MessageAsync(bool isFirst, CancellationToken end)
        {
            var head = new byte[isFirst ? sizeof(int) : 1 + sizeof(int)];
            if (await client.ReadAtLeastAsync(head, head.Length, throwOnEndOfStream: false, end) < head.Length) return null;
            var message = new byte[head.Length - sizeof(int) + BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(head.Length - sizeof(int)))];
            head.CopyTo(message, 0);
            await client.ReadExactlyAsync(message.AsMemory(head.Length), end);
            return message;
        }
    }
}
