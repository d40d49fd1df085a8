using System.Globalization;
using System.Text;
using System.Text.Json;
using Newsletter.Defaults.Bus;
using Newsletter.Defaults.Outbox;
using RabbitMQ.Client;

namespace Newsletter.Defaults.Operations;

/// <summary>What a message in an error queue tells of itself, without its body and without any exception's text: both may hold addresses.</summary>
internal static class FailedMessage
{
    private static readonly string[] Broker = ["x-delivery-count", "x-acquired-count", "x-dotnet-", "x-death", "x-first-death-", "x-last-death-"];
    private static readonly string[] Fault = ["MT-Fault-", "MT-Reason"];

    public static FailureView View(string queue, BasicGetResult message)
    {
        var death = Header(message, "x-death") is List<object?> and [Dictionary<string, object?> first, ..] ? first : null;
        return new(
            message.BasicProperties.MessageId ?? "", queue, TypeOf(message.Body.Span),
            Text(message, "MT-Fault-ExceptionType") ?? Text(message, "MT-Reason") ?? (death is null ? null : Text(death.GetValueOrDefault("reason"))),
            FailedAt(message, death),
            death is null ? BusSetup.Tries : (int)(Number(death.GetValueOrDefault("count")) ?? 1),
            TraceOf(Text(message, "traceparent") ?? Text(message, "MT-Activity-Id")));
    }

    /// <summary>Those that a copy goes with: what the broker counted is left out, and of a replay what was written about its failure.</summary>
    public static Dictionary<string, object?> HeadersOf(BasicGetResult message, bool isReplay) =>
        (message.BasicProperties.Headers ?? new Dictionary<string, object?>())
            .Where(header => !Begins(header.Key, isReplay ? [.. Broker, .. Fault] : Broker[..3]))
            .ToDictionary(header => header.Key, header => header.Value);

    public static long? Number(BasicGetResult message, string header) => Number(Header(message, header));

    /// <summary>The trace's id of a W3C <c>traceparent</c>.</summary>
    public static string? TraceOf(string? parent) => parent?.Split('-') is [_, { Length: 32 } trace, ..] ? trace : null;

    private static bool Begins(string name, string[] beginnings) => Array.Exists(beginnings, b => name.StartsWith(b, StringComparison.Ordinal));

    private static DateTimeOffset? FailedAt(BasicGetResult message, Dictionary<string, object?>? death)
    {
        if (DateTimeOffset.TryParse(Text(message, "MT-Fault-Timestamp"), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var at)) return at.ToUniversalTime();
        return death?.GetValueOrDefault("time") is AmqpTimestamp time ? DateTimeOffset.FromUnixTimeSeconds(time.UnixTime) : null;
    }

    /// <summary>The envelope's first <c>messageType</c>, <c>urn:message:Namespace:Name</c>.</summary>
    private static string? TypeOf(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body);
        try
        {
            if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject) return null;
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isType = reader.ValueTextEquals("messageType");
                reader.Read();
                if (isType && reader.TokenType == JsonTokenType.StartArray && reader.Read() && reader.TokenType == JsonTokenType.String)
                    return OutboxMessage.ShortName(reader.GetString()!);
                reader.Skip();
            }
            return null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static object? Header(BasicGetResult message, string name) => message.BasicProperties.Headers?.TryGetValue(name, out var value) == true ? value : null;

    private static string? Text(BasicGetResult message, string header) => Text(Header(message, header));

    private static string? Text(object? value) => value switch
    {
        byte[] bytes => Encoding.UTF8.GetString(bytes),
        string text => text,
        _ => null,
    };

    private static long? Number(object? value) => value switch
    {
        int i => i,
        long l => l,
        uint u => u,
        ulong u => (long)u,
        byte[] or string when long.TryParse(Text(value), CultureInfo.InvariantCulture, out var n) => n,
        _ => null,
    };
}
