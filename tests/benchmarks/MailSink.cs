using System.Buffers;
using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.Benchmarks;

/// <summary>Takes mail as SendGrid's v3 mail/send does. It parses each call and keeps who was mailed how often; no mail, no events.</summary>
internal sealed class MailSink : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly int[] _copies = new int[2_000_000];
    private readonly ConcurrentDictionary<string, DateTimeOffset> _others = new();
    private readonly ConcurrentQueue<byte[]> _bodies = new();
    private int _letters;

    public MailSink()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls($"http://127.0.0.1:{ServiceProcess.FreePort()}");
        _app = builder.Build();
        _app.MapPost("/v3/mail/send", TakeAsync);
    }

    public Uri Address => new(_app.Urls.First());

    /// <summary>How long a call waits for its answer.</summary>
    public TimeSpan Latency { get; set; }

    /// <summary>Letters since the last <see cref="Forget"/>.</summary>
    public int Letters => _letters;

    /// <summary>How many calls' bodies are kept; copying them is work that a provider of ours would not do.</summary>
    public int MostBodies { get; init; }

    /// <summary>Calls' bodies as they came, the first since the last <see cref="Forget"/>.</summary>
    public IReadOnlyCollection<byte[]> Bodies => _bodies;

    /// <summary>When mail to somebody who is no <see cref="MailBenchmark.Address"/> arrived.</summary>
    public DateTimeOffset? ArrivedAt(string address) => _others.TryGetValue(address, out var at) ? at : null;

    public Task StartAsync() => _app.StartAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    public void Forget()
    {
        Array.Clear(_copies);
        _bodies.Clear();
        _letters = 0;
    }

    /// <summary>Throws unless each of so many readers was mailed once.</summary>
    public void CheckOnceEach(int readers)
    {
        var (lost, repeated) = (_copies.AsSpan(0, readers).Count(0), _copies.Count(c => c > 1));
        if (lost + repeated > 0) throw new InvalidOperationException($"Of {readers} readers {lost} were not mailed, and {repeated} more than once.");
    }

    private async Task TakeAsync(HttpContext http)
    {
        var length = (int)http.Request.ContentLength!.Value;
        var body = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            await http.Request.Body.ReadExactlyAsync(body.AsMemory(0, length));
            if (_bodies.Count < MostBodies) _bodies.Enqueue(body[..length]);
            Read(body.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(body);
        }
        if (Latency > TimeSpan.Zero) await Task.Delay(Latency);
        http.Response.StatusCode = StatusCodes.Status202Accepted;
        http.Response.Headers["X-Message-Id"] = Guid.NewGuid().ToString("N");
    }

    private void Read(ReadOnlySpan<byte> body)
    {
        var json = new Utf8JsonReader(body);
        var isRecipient = false;
        while (json.Read())
        {
            if (json.TokenType != JsonTokenType.PropertyName) continue;
            if (json.ValueTextEquals("to"u8)) isRecipient = true;
            else if (isRecipient && json.ValueTextEquals("email"u8))
            {
                json.Read();
                Mailed(json.ValueSpan);
                isRecipient = false;
            }
        }
    }

    private void Mailed(ReadOnlySpan<byte> address)
    {
        Interlocked.Increment(ref _letters);
        if (MailBenchmark.ReaderOf(address) is { } reader) Interlocked.Increment(ref _copies[reader]);
        else _others[Encoding.UTF8.GetString(address)] = DateTimeOffset.UtcNow;
    }
}
