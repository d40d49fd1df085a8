namespace Newsletter.Defaults.Http;

/// <summary>An unsafe API call that came with an <c>Idempotency-Key</c>, and its answer once it has one; kept for 24 hours.</summary>
internal sealed class IdempotentCall
{
    /// <summary>Publication, caller, method and path.</summary>
    public string Scope { get; set; } = "";
    public string Key { get; set; } = "";
    public string RequestHash { get; set; } = "";
    public DateTimeOffset StartedAt { get; set; }
    /// <summary>Null while the first call is still under way.</summary>
    public int? Status { get; set; }
    public string? ContentType { get; set; }
    public string? Location { get; set; }
    /// <summary>Null too where the answer was longer than we keep.</summary>
    public byte[]? Body { get; set; }
}
