using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Newsletter.Tests.Harness;

/// <summary>A name server on loopback that knows the TXT and MX records that tests write (RFC 1035). What ends in <c>.broken</c> it fails to look up.</summary>
public sealed class TestDns : IAsyncDisposable
{
    private const int Header = 12;
    private const int Text = 16;
    private const int Mail = 15;
    private readonly UdpClient _socket = new(new IPEndPoint(IPAddress.Loopback, 0));
    private readonly ConcurrentDictionary<(string Name, int Type), string[]> _records = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _serving;

    public TestDns() => _serving = ServeAsync();

    public string Address => _socket.Client.LocalEndPoint!.ToString()!;

    public bool IsAway { get; set; }

    public void Write(string name, params string[] texts) => _records[(name.ToLowerInvariant(), Text)] = texts;

    public void WriteMail(string name, params string[] hosts) => _records[(name.ToLowerInvariant(), Mail)] = hosts;

    public void Erase(string name)
    {
        foreach (var type in (int[])[Text, Mail]) _records.TryRemove((name.ToLowerInvariant(), type), out _);
    }

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
        var type = BinaryPrimitives.ReadUInt16BigEndian(query.AsSpan(end - 4));
        var records = _records.GetValueOrDefault((name, type)) ?? [];
        var code = IsAway || name.EndsWith(".broken", StringComparison.Ordinal) ? 2 : records.Length == 0 ? 3 : 0;
        if (code != 0) records = [];
        List<byte> answer = [.. query[..2], 0x81, (byte)(0x80 | code), 0, 1, 0, (byte)records.Length, 0, 0, 0, 0, .. query[Header..end]];
        foreach (var record in records)
        {
            var data = type == Text ? TextOf(record) : [0, 10, .. NameOf(record)];
            // The question's name, the type, IN, no time to live.
            answer.AddRange([0xC0, Header, 0, (byte)type, 0, 1, 0, 0, 0, 0, (byte)(data.Length >> 8), (byte)data.Length, .. data]);
        }
        return [.. answer];
    }

    /// <summary>In parts of at most 255 characters, as a key of 2,048 bits comes.</summary>
    private static byte[] TextOf(string text) => [.. Encoding.ASCII.GetBytes(text).Chunk(255).SelectMany(part => (byte[])[(byte)part.Length, .. part])];

    private static byte[] NameOf(string host) => [.. host.Split('.').SelectMany(label => (byte[])[(byte)label.Length, .. Encoding.ASCII.GetBytes(label)]), 0];

    /// <param name="end">Where the question ends, its type and class included.</param>
    private static string NameIn(byte[] query, out int end)
    {
        List<string> labels = [];
        var at = Header;
        for (; query[at] > 0; at += query[at] + 1) labels.Add(Encoding.ASCII.GetString(query, at + 1, query[at]));
        end = at + 5;
        return string.Join('.', labels).ToLowerInvariant();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _serving.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _socket.Dispose();
        _stop.Dispose();
    }
}
