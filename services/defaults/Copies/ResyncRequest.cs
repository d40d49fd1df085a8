namespace Newsletter.Defaults.Copies;

/// <summary>Says that this database has asked for an event's rows once; what is missing after that comes by resync.</summary>
internal sealed class ResyncRequest
{
    public string Event { get; init; } = "";
    public DateTimeOffset RequestedAt { get; init; }
}
