using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Editions;

/// <summary>An edition as the staff API shows it.</summary>
internal sealed record EditionView(
    Guid Id, EditionKind Kind, Guid NewsletterId, Guid? PostId, DateTimeOffset? SlotAt, string Subject, EditionState State, bool Paused, string? PauseReason,
    DateTimeOffset CreatedAt, DateTimeOffset? FinishedAt, int Recipients)
{
    public static EditionView Of(Edition e) => new(
        e.Id, e.Kind, e.NewsletterId, e.PostId, e.SlotAt, e.Subject, e.State, e.IsPaused, e.PauseReason, e.CreatedAt, e.FinishedAt, e.Recipients);
}

/// <param name="States">Deliveries by state; their sum is the recipients.</param>
/// <param name="Uncertain">Batches of which it is not known whether the provider took them; staff may settle or resend them.</param>
internal sealed record EditionDetails(
    EditionView Edition, IReadOnlyDictionary<DeliveryState, int> States, EditionFacts Facts, IReadOnlyList<UncertainBatch> Uncertain, string Url);

/// <summary>Readers who did it at least once, and how often it was done.</summary>
internal sealed record EditionFacts(int Opened, int Clicked, int Complained, int Unsubscribed, int Opens, int MachineOpens, int Clicks);

internal sealed record UncertainBatch(Guid Id, int Letters, DateTimeOffset? SentAt);

internal sealed record DeliveryView(
    Guid SubscriberId, DeliveryState State, string? Reason, DateTimeOffset? AcceptedAt, DateTimeOffset? DeliveredAt, DateTimeOffset? BouncedAt,
    DateTimeOffset? OpenedAt, DateTimeOffset? ClickedAt, DateTimeOffset? ComplainedAt, DateTimeOffset? UnsubscribedAt);
