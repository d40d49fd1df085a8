namespace Newsletter.Contracts;

/// <summary>
/// Any service: a call of staff changed something. Saved with the change, and never changed after; subscriber, which knows staff, keeps the log.
/// No secret and no personal value of a reader is in it: an erasure has nothing to look for here.
/// </summary>
public sealed record StaffActed
{
    public required Guid Id { get; init; }
    /// <summary>None for calls on the installation.</summary>
    public Guid? PublicationId { get; init; }
    public required DateTimeOffset At { get; init; }
    /// <summary>The staff account, or the API key.</summary>
    public required Guid Who { get; init; }
    /// <summary>As the token said at that moment.</summary>
    public required string Role { get; init; }
    /// <summary>Method and route, such as <c>PUT posts/{slug}</c>.</summary>
    public required string Action { get; init; }
    /// <summary>The route with its values, such as <c>posts/hello</c>.</summary>
    public required string Target { get; init; }
    /// <summary>The caller's network address.</summary>
    public string? From { get; init; }
    public string? TraceId { get; init; }
    /// <summary>Empty where the work is not one of rows that were read before: sending a test letter, say.</summary>
    public IReadOnlyList<StaffChange> Changes { get; init; } = [];
}

/// <summary>One property of one thing. Long texts are cut to where they differ.</summary>
/// <param name="Id">None where many were changed alike; <paramref name="After"/> is their number then.</param>
/// <param name="Withheld">That it changed is all that is told: a secret, or personal.</param>
public sealed record StaffChange(string Entity, string? Id, string Property, string? Before, string? After, bool Withheld = false);
