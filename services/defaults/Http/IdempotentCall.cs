using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;

namespace Newsletter.Defaults.Http;

/// <summary>An unsafe API call that came with an <c>Idempotency-Key</c>, and its answer once it has one; kept for 24 hours.</summary>
internal sealed class IdempotentCall
{
    public static readonly TimeSpan Retention = TimeSpan.FromHours(24);
    /// <summary>A call without an answer after this time was cut short: the next one with its key does it.</summary>
    public static readonly TimeSpan GivenUpAfter = TimeSpan.FromMinutes(1);
    private const int LongestBody = 64 * 1024;

    private IdempotentCall() { }

    public IdempotentCall(string scope, string key, string requestHash, DateTimeOffset now) =>
        (Scope, Key, RequestHash, StartedAt) = (scope, key, requestHash, now);

    /// <summary>Hash of publication, caller, method and path.</summary>
    public string Scope { get; private set; } = "";
    public string Key { get; private set; } = "";
    public string RequestHash { get; private set; } = "";
    public DateTimeOffset StartedAt { get; private set; }
    /// <summary>Null while the first call is still under way.</summary>
    public int? Status { get; private set; }
    public string? ContentType { get; private set; }
    public string? Location { get; private set; }
    /// <summary>Null too where the answer was longer than we keep, or held a secret.</summary>
    public byte[]? Body { get; private set; }

    public bool IsOver(DateTimeOffset now) => now - StartedAt > (Status is null ? GivenUpAfter : Retention);

    /// <summary>Takes the row over from a call that was cut short or is too old; false when somebody else was faster.</summary>
    public async Task<bool> TakeOverAsync(ServiceDb db, string requestHash, DateTimeOffset now, CancellationToken cancellation) =>
        await db.IdempotentCalls.Where(c => c.Scope == Scope && c.Key == Key && c.StartedAt == StartedAt).ExecuteUpdateAsync(set => set
            .SetProperty(c => c.RequestHash, requestHash).SetProperty(c => c.StartedAt, now).SetProperty(c => c.Status, (int?)null)
            .SetProperty(c => c.ContentType, (string?)null).SetProperty(c => c.Location, (string?)null).SetProperty(c => c.Body, (byte[]?)null),
            cancellation) == 1;

    public void Answered(int status, string? contentType, string? location, byte[]? body)
    {
        (Status, ContentType, Location) = (status, contentType, location);
        if (body?.Length <= LongestBody) Body = body;
    }
}
