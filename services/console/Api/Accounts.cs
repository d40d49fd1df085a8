using Newsletter.Defaults.Identity;

namespace Newsletter.Console.Api;

internal sealed record Page<T>(IReadOnlyList<T> Items, string? Next);

public sealed record Account(Guid? Id, string? Email, bool IsOperator, IReadOnlyList<Membership> Memberships);

public sealed record Membership(Guid PublicationId, string Slug, string Name, Role Role)
{
    /// <summary>By the table that the API goes by, too.</summary>
    public bool May(string permission) => Permission.Of[Role].Contains(permission);
}

internal sealed record StaffSessionAnswer(string Session, DateTimeOffset ExpiresAt);

public sealed record Member(Guid Id, string Email, string Role, DateTimeOffset CreatedAt, DateTimeOffset? LastSignInAt);

public sealed record ApiKey(
    Guid Id, string Name, string Hint, string Role, IReadOnlyList<string> Scopes, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? RevokedAt);

public sealed record CreatedKey(string Key, ApiKey Details);

internal sealed record AuditEntry(
    Guid Id, DateTimeOffset At, AuditActor Who, string Role, string Action, string? Object, string? From, string? TraceId, IReadOnlyList<AuditChange> Changes);

internal sealed record AuditActor(Guid? Id, string Kind, string? Email, string? Name);

/// <param name="Withheld">A secret or a personal value: all that is told is that it changed.</param>
internal sealed record AuditChange(string Entity, string? Id, string Property, string? Before, string? After, bool Withheld);
