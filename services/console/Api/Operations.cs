namespace Newsletter.Console.Api;

public sealed record ServiceState(
    string Service, string? Version, DateTimeOffset? StartedAt, bool Healthy, OutboxState? Outbox, IReadOnlyList<QueueState>? Queues, IReadOnlyList<ScheduleState>? Schedules);

public sealed record OutboxState(int Waiting, double? OldestSeconds, int Failing);

public sealed record QueueState(string Name, int Messages, int? Consumers, int Errors, int Dead);

public sealed record ScheduleState(string Name, DateTimeOffset? LastRunAt, DateTimeOffset? NextRunAt, string? Error);

public sealed record FailedMessage(string Id, string Queue, string Type, string? Error, DateTimeOffset? FailedAt, int? Attempts, string? TraceId);

public sealed record ReplayAnswer(int Replayed);

public sealed record ProviderState(
    string Name, int Accepted, int Refused, int Failed, double? P50Seconds, double? P95Seconds, DateTimeOffset? LastAcceptedAt, ProviderFailure? LastFailure,
    string? Role, string? Circuit, int Accounts, int Away, int Held = 0, AccountPace? Pace = null);

public sealed record ProviderFailure(DateTimeOffset At, string Text);
