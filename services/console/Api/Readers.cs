namespace Newsletter.Console.Api;

public sealed record Reader(
    Guid Id, string Email, string? Name, string Status, string Cadence, IReadOnlyList<string> Newsletters, IReadOnlyList<string> Topics,
    IReadOnlyList<string> Tags, string? TimeZone, bool TrackingAllowed, string Source, DateTimeOffset CreatedAt, DateTimeOffset? ConfirmedAt);

public sealed record ReaderStory(Reader Subscriber, IReadOnlyList<ReaderConsent> Consents, IReadOnlyList<ReaderSession> Sessions);

public sealed record ReaderConsent(string Newsletter, DateTimeOffset GivenAt, string Source, DateTimeOffset? WithdrawnAt);

public sealed record ReaderSession(Guid Id, string Device, DateTimeOffset CreatedAt, DateTimeOffset? LastSeenAt, DateTimeOffset ExpiresAt);

public sealed record ReaderStatistics(IReadOnlyList<ReaderDay> Days, ReaderTotals Totals);

public sealed record ReaderDay(DateOnly Day, int SignUps, int Confirmed, int Left);

public sealed record ReaderTotals(int Active, int Pending, int Unsubscribed);

public sealed record TagInUse(string Tag, int? Readers);

public sealed record ImportAnswer(int Added, int Known, int RefusedLines, IReadOnlyList<RefusedLine> Refused);

public sealed record RefusedLine(int Line, string Reason);

/// <param name="Until">When mail is tried again by itself.</param>
/// <param name="SoftBounces">Letters that came back lately although the address may be good.</param>
public sealed record Deliverability(Guid? SubscriberId, string Status, string Reason, DateTimeOffset? Since, DateTimeOffset? Until = null, int SoftBounces = 0);
