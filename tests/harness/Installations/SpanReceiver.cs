using System.Collections.Concurrent;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Newsletter.Tests.Harness.Installations;

/// <summary>A span as a collector gets it.</summary>
/// <param name="Texts">Those of its attributes that are texts.</param>
public sealed record ReceivedSpan(
    string Service, string TraceId, string SpanId, string ParentId, string Name, IReadOnlyList<string> LinkedSpans, IReadOnlyDictionary<string, string> Texts);

/// <summary>Stands where the OpenTelemetry collector stands: takes OTLP over HTTP and keeps the spans (opentelemetry-proto, trace/v1).</summary>
public sealed class SpanReceiver : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<ReceivedSpan> _spans = new();

    public SpanReceiver()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapPost("/v1/traces", async (HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body);
            foreach (var span in Read(body.ToArray())) _spans.Enqueue(span);
            return Results.Bytes([], "application/x-protobuf");
        });
        _app.MapPost("/v1/{signal}", () => Results.Bytes([], "application/x-protobuf"));
    }

    public IReadOnlyList<ReceivedSpan> Spans => [.. _spans];

    public async Task<string> StartAsync()
    {
        await _app.StartAsync();
        return _app.Urls.First();
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static IEnumerable<ReceivedSpan> Read(byte[] request)
    {
        foreach (var resource in Fields(request, 1))
        {
            var service = Fields(resource, 1).SelectMany(r => Fields(r, 1))
                .Where(a => Text(a, 1) == "service.name").Select(a => Text(Fields(a, 2).First(), 1)).FirstOrDefault() ?? "";
            foreach (var span in Fields(resource, 2).SelectMany(scope => Fields(scope, 2)))
            {
                var texts = Fields(span, 9).ToDictionary(a => Text(a, 1), a => Text(Fields(a, 2).First(), 1));
                yield return new(service, Hex(span, 1), Hex(span, 2), Hex(span, 4), Text(span, 5), Fields(span, 13).Select(link => Hex(link, 2)).ToList(), texts);
            }
        }
    }

    /// <summary>The length-delimited fields with this number; others are passed over.</summary>
    private static List<byte[]> Fields(byte[] message, int number)
    {
        List<byte[]> found = [];
        var input = new CodedInputStream(message);
        for (var tag = input.ReadTag(); tag != 0; tag = input.ReadTag())
        {
            if (WireFormat.GetTagFieldNumber(tag) == number && WireFormat.GetTagWireType(tag) == WireFormat.WireType.LengthDelimited)
                found.Add(input.ReadBytes().ToByteArray());
            else input.SkipLastField();
        }
        return found;
    }

    private static string Hex(byte[] message, int number) => Fields(message, number) is [var bytes, ..] ? Convert.ToHexStringLower(bytes) : "";

    private static string Text(byte[] message, int number) => Fields(message, number) is [var bytes, ..] ? System.Text.Encoding.UTF8.GetString(bytes) : "";
}
