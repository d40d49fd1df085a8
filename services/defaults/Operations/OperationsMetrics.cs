using System.Diagnostics.Metrics;
using Newsletter.Defaults.Telemetry;

namespace Newsletter.Defaults.Operations;

/// <summary>What one service's outbox, queues and schedules look like from outside. Labels are services, their queues and their schedules.</summary>
internal sealed class OperationsMetrics(string service, TimeProvider time)
{
    private static readonly Gauge<long> OutboxWaiting = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.outbox.waiting", "{message}", "Messages in a service's outbox");
    private static readonly Gauge<long> OutboxFailing = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.outbox.failing", "{message}", "Messages in a service's outbox that were tried and not taken");
    private static readonly Gauge<double> OutboxAge = NewsletterTelemetry.Meter.CreateGauge<double>(
        "newsletter.outbox.age", "s", "Age of the oldest message in a service's outbox that is due");
    private static readonly Gauge<long> QueueMessages = NewsletterTelemetry.Meter.CreateGauge<long>(
        "newsletter.queue.messages", "{message}", "Messages in a queue; those that failed in …_error and …_dead");
    private static readonly Gauge<double> QueueAge = NewsletterTelemetry.Meter.CreateGauge<double>(
        "newsletter.queue.age", "s", "How long a queue has not been seen empty: its oldest message is no older, unless it was there when the process began");
    private static readonly Gauge<double> ScheduleOverdue = NewsletterTelemetry.Meter.CreateGauge<double>(
        "newsletter.schedule.overdue", "s", "How long a worker's next run is overdue");

    private readonly Dictionary<string, DateTimeOffset?> _filledSince = [];
    private readonly KeyValuePair<string, object?> _service = new("service", service);

    public void Waiting(OutboxView outbox)
    {
        OutboxWaiting.Record(outbox.Waiting, _service);
        OutboxFailing.Record(outbox.Failing, _service);
        OutboxAge.Record(outbox.OldestSeconds, _service);
    }

    public void Scheduled(IEnumerable<Schedule> schedules)
    {
        foreach (var schedule in schedules) ScheduleOverdue.Record(schedule.Overdue.TotalSeconds, _service, new("schedule", schedule.Name));
    }

    public void Queued(IReadOnlyList<QueueView> queues)
    {
        var depths = queues.SelectMany(q => (KeyValuePair<string, long>[])[new(q.Name, q.Messages), new(q.Name + ErrorQueues.Errors, q.Errors), new(q.Name + ErrorQueues.Dead, q.Dead)]).ToDictionary();
        // Queues that are only there while something lies in them (an outbox's) are empty when they are gone.
        foreach (var queue in depths.Keys.Union(_filledSince.Keys).ToList()) Queued(queue, depths.GetValueOrDefault(queue));
    }

    private void Queued(string queue, long messages)
    {
        var now = time.GetUtcNow();
        DateTimeOffset? since = messages == 0 ? null : _filledSince.GetValueOrDefault(queue) ?? now;
        _filledSince[queue] = since;
        var name = new KeyValuePair<string, object?>("queue", queue);
        QueueMessages.Record(messages, _service, name);
        QueueAge.Record(since is { } filled ? (now - filled).TotalSeconds : 0, _service, name);
    }
}
