using Newsletter.Contracts;

namespace Newsletter.Subscriber.Audit;

/// <summary>One deed of staff. Written once: the database itself refuses changes, and lets go only of what is older than <see cref="AuditHorizon"/>.</summary>
internal sealed class AuditEntry
{
    private const int LongestWords = 8000;

    private AuditEntry() { }

    /// <summary>Version 7, from <see cref="At"/>: the log is read, cut and pruned in its order.</summary>
    public Guid Id { get; private set; }
    public Guid? PublicationId { get; private set; }
    public DateTimeOffset At { get; private set; }
    /// <summary>The person: who signed in, or who made the key.</summary>
    public Guid? AccountId { get; private set; }
    public Guid? KeyId { get; private set; }
    public string Role { get; private set; } = "";
    public string Action { get; private set; } = "";
    public string Target { get; private set; } = "";
    public string? From { get; private set; }
    public string? TraceId { get; private set; }
    public IReadOnlyList<StaffChange> Changes { get; private set; } = [];
    /// <summary>What the log is searched by, in lower case.</summary>
    public string Words { get; private set; } = "";

    /// <param name="names">Of the account and the key.</param>
    public static AuditEntry Of(StaffActed acted, Guid? account, Guid? key, IEnumerable<string?> names)
    {
        IEnumerable<string?> words =
        [
            acted.Action, acted.Target, acted.From, acted.TraceId, .. names,
            .. acted.Changes.SelectMany(c => new[] { c.Entity, c.Id, c.Property, c.Before, c.After }),
        ];
        var text = string.Join(' ', words.Where(w => !string.IsNullOrEmpty(w))).Replace('\0', ' ').ToLowerInvariant();
        return new()
        {
            Id = acted.Id,
            PublicationId = acted.PublicationId,
            At = acted.At,
            AccountId = account,
            KeyId = key,
            Role = acted.Role,
            Action = acted.Action,
            Target = acted.Target,
            From = acted.From,
            TraceId = acted.TraceId,
            Changes = acted.Changes,
            Words = text.Length <= LongestWords ? text : text[..LongestWords],
        };
    }
}

/// <summary>One row: entries from before it may be deleted.</summary>
internal sealed class AuditHorizon
{
    public int Id { get; init; }
    public DateTimeOffset Before { get; init; }
}
