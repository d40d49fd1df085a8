using System.Diagnostics;
using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;

namespace Newsletter.Defaults.Outbox;

/// <summary>An event or command that is saved with the change it tells of. The row goes when the bus has confirmed it.</summary>
public sealed class OutboxMessage
{
    // Plumbing runs on the machine's clock, whatever clock its service goes by: PostgreSQL compares due times with its own.
    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

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

    internal static OutboxMessage Of<T>(T message, TimeSpan after) where T : class
    {
        var now = Now;
        return new()
        {
            Id = Guid.CreateVersion7(now),
            Type = typeof(T).ToString(),
            Body = JsonSerializer.Serialize(message, Json.Options),
            TraceParent = Activity.Current?.Id,
            TraceState = Activity.Current?.TraceStateString,
            CreatedAt = now,
            DueAt = now + after,
        };
    }

    internal bool Is<T>() => Type == typeof(T).ToString();

    /// <summary>When it was last tried and not taken, as long as nobody asked for another try.</summary>
    internal DateTimeOffset? FailedAt => Error is null ? null : DueAt - Delay(Attempts - 1);

    /// <summary>Null for a type that is no longer among the contracts.</summary>
    internal static Type? TypeOf(string name) => typeof(ISnapshot).Assembly.GetType(name);

    /// <summary><c>PostChanged</c>, of the type or of its address on the bus; of a generic type both names, <c>Resync GrantsChanged</c>.</summary>
    internal static string ShortName(string type) =>
        string.Join(' ', type.Split('[', ']').Where(part => part.Length > 0).Select(part => part.Split('.', ':')[^1].Split('`')[0]));

    internal (object Message, Type Type) Open()
    {
        var type = TypeOf(Type) ?? throw new InvalidOperationException($"Outbox message of unknown type {Type}.");
        return (JsonSerializer.Deserialize(Body, type, Json.Options)!, type);
    }

    /// <summary>The message's own failure: tries again in 1 s, 2 s, 4 s … at most 60 s.</summary>
    internal void Failed(Exception e) => PutOff(e, Delay(Attempts));

    /// <summary>Nobody took it because the bus is away: soon again, so that everything flows when it is back.</summary>
    internal void BusAway(Exception e) => PutOff(e, TimeSpan.FromSeconds(2));

    private static TimeSpan Delay(int attempts) => TimeSpan.FromSeconds(Math.Min(60, Math.Pow(2, Math.Clamp(attempts, 0, 6))));

    private void PutOff(Exception e, TimeSpan delay)
    {
        Attempts++;
        Error = e.GetBaseException().GetType().FullName;
        DueAt = Now + delay;
    }
}
