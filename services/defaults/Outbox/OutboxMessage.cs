using System.Diagnostics;
using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;

namespace Newsletter.Defaults.Outbox;

/// <summary>An event or command that is saved with the change it tells of. The row goes when the bus has confirmed it.</summary>
public sealed class OutboxMessage
{
    private OutboxMessage() { }

    public Guid Id { get; private set; }
    /// <summary>Full type name within the contracts assembly.</summary>
    public string Type { get; private set; } = "";
    public string Body { get; private set; } = "";
    public string? TraceParent { get; private set; }
    public string? TraceState { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset DueAt { get; private set; }
    public int Attempts { get; private set; }
    public string? Error { get; private set; }

    internal static OutboxMessage Of<T>(T message) where T : class
    {
        var now = DateTimeOffset.UtcNow;
        return new()
        {
            Id = Guid.CreateVersion7(now),
            Type = typeof(T).ToString(),
            Body = JsonSerializer.Serialize(message, Json.Options),
            TraceParent = Activity.Current?.Id,
            TraceState = Activity.Current?.TraceStateString,
            CreatedAt = now,
            DueAt = now,
        };
    }

    internal (object Message, Type Type) Open()
    {
        var type = typeof(ISnapshot).Assembly.GetType(Type) ?? throw new InvalidOperationException($"Outbox message of unknown type {Type}.");
        return (JsonSerializer.Deserialize(Body, type, Json.Options)!, type);
    }

    /// <summary>Tries again in 1 s, 2 s, 4 s … at most 60 s.</summary>
    internal void Failed(Exception e)
    {
        Attempts++;
        Error = e.GetBaseException().GetType().FullName;
        DueAt = DateTimeOffset.UtcNow.AddSeconds(Math.Min(60, Math.Pow(2, Math.Min(Attempts - 1, 6))));
    }
}
