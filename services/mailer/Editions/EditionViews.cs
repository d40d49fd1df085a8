using System.Diagnostics;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

/// <summary>An edition as the staff API shows it.</summary>
/// <param name="TraceId">Of the publish that it came from: its letters are in the same trace.</param>
/// <param name="LedgerPrunedAt">Since when its deliveries are no longer kept; its totals are.</param>
/// <param name="HeldUntil">Until when rates or a warm-up hold letters back, as was last seen; why is <c>publication_rate</c>, <c>account_rate</c> or <c>warm_up</c>.</param>
internal sealed record EditionView(
    Guid Id, EditionKind Kind, Guid NewsletterId, Guid? PostId, DateTimeOffset? SlotAt, string Subject, EditionState State, bool Paused, string? PauseReason,
    DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, int Recipients, string? TraceId, DateTimeOffset? LedgerPrunedAt, DateTimeOffset? HeldUntil, string? HeldReason)
{
    public static EditionView Of(Edition e) => new(
        e.Id, e.Kind, e.NewsletterId, e.PostId, e.SlotAt, e.Subject, e.State, e.IsPaused, e.PauseReason, e.CreatedAt, e.FinishedAt, e.Recipients,
        ActivityContext.TryParse(e.TraceParent, null, out var trace) ? trace.TraceId.ToString() : null, e.LedgerPrunedAt, e.IsOver ? null : e.HeldUntil, e.IsOver ? null : e.HeldReason);
}

/// <param name="States">Deliveries by state; their sum is the recipients.</param>
/// <param name="Uncertain">Batches of which it is not known whether the provider took them; staff may settle or resend them.</param>
internal sealed record EditionDetails(
    EditionView Edition, IReadOnlyDictionary<DeliveryState, int> States, EditionFacts Facts, IReadOnlyList<UncertainBatch> Uncertain, string Url);

/// <summary>An edition in a list.</summary>
/// <param name="Accepted">Letters that the provider took, whatever became of them.</param>
/// <param name="Opened">Readers, as <paramref name="Clicked"/>.</param>
internal sealed record EditionListView(
    Guid Id, EditionKind Kind, Guid NewsletterId, Guid? PostId, DateTimeOffset? SlotAt, string Subject, EditionState State, bool Paused, string? PauseReason,
    DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, int Recipients, int Accepted, int Opened, int Clicked)
{
    public static EditionListView Of(Edition e, int accepted, EditionCounters? counters) => new(
        e.Id, e.Kind, e.NewsletterId, e.PostId, e.SlotAt, e.Subject, e.State, e.IsPaused, e.PauseReason, e.CreatedAt, e.FinishedAt, e.Recipients,
        accepted, counters?.Opens ?? 0, counters?.Clicks ?? 0);
}

/// <summary>Readers who did it at least once: each fact is counted once per letter, so <c>opens</c> and <c>clicks</c> say the same as <c>opened</c> and <c>clicked</c>.</summary>
internal sealed record EditionFacts(
    int Opened, int MachineOpened, int Clicked, int MachineClicked, int Complained, int Unsubscribed, int Opens, int MachineOpens, int Clicks, int MachineClicks)
{
    public static EditionFacts Of(EditionCounters? c) => c is null
        ? new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        : new(c.Opens, c.MachineOpens, c.Clicks, c.MachineClicks, c.Complaints, c.Unsubscribes, c.Opens, c.MachineOpens, c.Clicks, c.MachineClicks);
}

/// <summary>One reader's letter of one edition.</summary>
internal sealed record LetterView(
    Guid EditionId, string Subject, DeliveryState State, string? Reason, DateTimeOffset? AcceptedAt, DateTimeOffset? DeliveredAt, DateTimeOffset? BouncedAt,
    DateTimeOffset? OpenedAt, DateTimeOffset? ClickedAt, DateTimeOffset? ComplainedAt, DateTimeOffset? UnsubscribedAt, DateTimeOffset CreatedAt);

/// <param name="Email">For those who may see readers, as long as the mailer knows it.</param>
internal sealed record DeliveryView(
    Guid SubscriberId, string? Email, DeliveryState State, string? Reason, DateTimeOffset? AcceptedAt, DateTimeOffset? DeliveredAt, DateTimeOffset? BouncedAt,
    DateTimeOffset? OpenedAt, DateTimeOffset? ClickedAt, DateTimeOffset? ComplainedAt, DateTimeOffset? UnsubscribedAt);
