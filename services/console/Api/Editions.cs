namespace Newsletter.Console.Api;

public sealed record Edition(
    Guid Id, string Kind, Guid NewsletterId, Guid? PostId, DateTimeOffset? SlotAt, string Subject, string State, bool Paused, string? PauseReason,
    DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, int Recipients)
{
    public int? Accepted { get; init; }
    public int? Opened { get; init; }
    public int? Clicked { get; init; }
    public string? TraceId { get; init; }
}

public sealed record EditionLive(
    Guid Id, string Subject, string State, bool Paused, string? PauseReason, int Recipients, Dictionary<string, int> States, double LettersPerSecond,
    IReadOnlyList<LettersAt> Accepted, DateTimeOffset CreatedAt, DateTimeOffset? DueAt, DateTimeOffset? FirstAcceptedAt, DateTimeOffset? LastAcceptedAt,
    DateTimeOffset? FinishedAt, IReadOnlyList<UncertainBatch> Uncertain, string? TraceId)
{
    public bool IsOver => State is "sent" or "cancelled";
    /// <summary>Until when rates or a warm-up hold letters back, as was last seen.</summary>
    public DateTimeOffset? HeldUntil { get; init; }
    public string? HeldReason { get; init; }
}

public sealed record LettersAt(DateTimeOffset At, int Letters);

public sealed record UncertainBatch(Guid Id, int Letters, DateTimeOffset? SentAt);

public sealed record EditionFigures(
    IReadOnlyList<DomainFigures> Domains, IReadOnlyList<ProviderFigures> Providers, IReadOnlyList<FailureFigures> Failures,
    IReadOnlyList<EngagementAt> Engagement, IReadOnlyList<LinkFigures> Links, IReadOnlyList<EntryFigures>? Entries, EditionFacts Facts);

public sealed record DomainFigures(string Domain, int Letters, int Delivered, int Bounced, int Failed, int Opened, int Clicked);

public sealed record ProviderFigures(string Provider, int Accepted, int Failed);

public sealed record FailureFigures(string State, string? Reason, int Letters, string? Text);

public sealed record EngagementAt(DateTimeOffset At, int Opens, int MachineOpens, int Clicks, int MachineClicks);

public sealed record LinkFigures(string Url, int Clicks, int Readers);

public sealed record EntryFigures(Guid EntryId, string Title, int Clicks);

/// <summary>Readers who did it at least once, and how often it was done.</summary>
public sealed record EditionFacts(int Opened, int Clicked, int Complained, int Unsubscribed, int Opens, int MachineOpens, int Clicks, int MachineClicks);

public sealed record Delivery(
    Guid SubscriberId, string? Email, string State, string? Reason, DateTimeOffset? AcceptedAt, DateTimeOffset? DeliveredAt, DateTimeOffset? BouncedAt,
    DateTimeOffset? OpenedAt, DateTimeOffset? ClickedAt, DateTimeOffset? ComplainedAt, DateTimeOffset? UnsubscribedAt);

public sealed record Letter(
    Guid EditionId, string Subject, string State, string? Reason, DateTimeOffset? AcceptedAt, DateTimeOffset? DeliveredAt, DateTimeOffset? BouncedAt,
    DateTimeOffset? OpenedAt, DateTimeOffset? ClickedAt, DateTimeOffset? ComplainedAt, DateTimeOffset? UnsubscribedAt, DateTimeOffset CreatedAt);

public sealed record LetterDay(
    DateOnly Day, int Accepted, int Delivered, int Opened, int MachineOpened, int Clicked, int Bounced, int Complained, int Unsubscribed);

public sealed record LetterStatistics(IReadOnlyList<LetterDay> Days);

public sealed record RoundupSlot(
    string Newsletter, string Name, DateTimeOffset? NextAt, int WaitingPosts, DateTimeOffset? LastSlotAt, Guid? LastEditionId, int Missed);
