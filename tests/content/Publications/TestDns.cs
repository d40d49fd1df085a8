using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Newsletter.Content.Tests.Publications;

/// <summary>A name server on loopback that knows the TXT records that tests write (RFC 1035). What ends in <c>.broken</c> it fails to look up.</summary>
public sealed class TestDns : IAsyncDisposable
{
    private const int Header = 12;
    private const int NameError = 3;
    private const int ServerFailure = 2;
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ConcurrentDictionary<string, string> _records = new(StringComparer.OrdinalIgnoreCase);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public TestDns() => _serving = ServeAsync();

    public string Address => _socket.Client.LocalEndPoint!.ToString()!;

    public void Write(string name, string text) => _records[name] = text;

    public void Erase(string name) => _records.TryRemove(name, out _);

    private async Task ServeAsync()
    {
        while (true)
        {
            var query = await _socket.ReceiveAsync(_stop.Token);
            await _socket.SendAsync(Answer(query.Buffer), query.RemoteEndPoint, _stop.Token);
        }
    }

    private byte[] Answer(byte[] query)
    {
        var name = NameIn(query, out var end);
        var text = _records.GetValueOrDefault(name);
        var code = name.EndsWith(".broken", StringComparison.OrdinalIgnoreCase) ? ServerFailure : text is null ? NameError : 0;
        List<byte> answer = [.. query[..2], 0x81, (byte)(0x80 | code), 0, 1, 0, (byte)(text is null ? 0 : 1), 0, 0, 0, 0, .. query[Header..end]];
        // The question's name, TXT, IN, no time to live, one string.
        if (text is not null) answer.AddRange([0xC0, Header, 0, 16, 0, 1, 0, 0, 0, 0, 0, (byte)(text.Length + 1), (byte)text.Length, .. Encoding.ASCII.GetBytes(text)]);
        return [.. answer];
    }

    /// <param name="end">Where the question ends, its type and class included.</param>
    private static string NameIn(byte[] query, out int end)
    {
        Assert.Equal(1, BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(4)));
        List<string> labels = [];
        var at = Header;
        for (; query[at] > 0; at += query[at] + 1) labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
        end = at + 5;
        return string.Join('.', labels);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _stop.Dispose();
    }
}
