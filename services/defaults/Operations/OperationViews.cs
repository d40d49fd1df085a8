namespace Newsletter.Defaults.Operations;

/// <param name="Healthy">Its database and its bus answer.</param>
/// <param name="Queues">Null while the broker cannot be asked; <paramref name="QueuesError"/> then says why.</param>
internal sealed record OperationView(
    string Service, string Version, DateTimeOffset StartedAt, bool Healthy, OutboxView Outbox, IReadOnlyList<QueueView>? Queues, string? QueuesError,
    IReadOnlyList<ScheduleView> Schedules);

/// <param name="OldestSeconds">Age of the oldest row that is due; 0: none is.</param>
/// <param name="Failing">Rows that were tried and not taken.</param>
internal sealed record OutboxView(int Waiting, double OldestSeconds, int Failing);

/// <param name="Name">A consumer's queue; where there is no broker, the type of the messages.</param>
/// <param name="Errors">Messages that the consumer gave up.</param>
/// <param name="Dead">Messages that were delivered too often without an answer.</param>
internal sealed record QueueView(string Name, long Messages, long Consumers, long Errors, long Dead);

/// <param name="Error">Why the last run failed, as an exception's type; null when it went well.</param>
internal sealed record ScheduleView(string Name, DateTimeOffset? LastRunAt, DateTimeOffset NextRunAt, string? Error);

/// <summary>A message that failed. Never its body: that may hold addresses.</summary>
internal sealed record FailureView(string Id, string Queue, string? Type, string? Error, DateTimeOffset? FailedAt, int Attempts, string? TraceId);

internal sealed record FailureList(IReadOnlyList<FailureView> Items);

/// <param name="Queue">As the list of errors names it; or a consumer's queue, for all that failed there.</param>
/// <param name="Ids">Only these; without it, all of the queue.</param>
internal sealed record ReplayRequest(string? Queue, IReadOnlyList<string>? Ids);

internal sealed record ReplayAnswer(int Replayed);
