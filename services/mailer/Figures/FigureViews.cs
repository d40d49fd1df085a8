using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Figures;

/// <summary>What became of an edition.</summary>
/// <param name="Domains">The 20 mail domains with the most recipients, and all others as <c>other</c>, as of <paramref name="DomainsAt"/>; null: being counted.</param>
/// <param name="Entries">Of a digest or a roundup of such: readers' clicks on links that belong to one entry only.</param>
internal sealed record FiguresView(
    IReadOnlyList<DomainCount> Domains, DateTimeOffset? DomainsAt, IReadOnlyList<ProviderFigures> Providers, IReadOnlyList<FailureFigures> Failures,
    IReadOnlyList<EngagementPoint> Engagement, IReadOnlyList<LinkFigures> Links, IReadOnlyList<EntryFigures>? Entries, EditionFacts Facts);

/// <param name="Accepted">Letters that it took, whatever became of them.</param>
/// <param name="Failed">Letters that it refused, or that went back later.</param>
internal sealed record ProviderFigures(string Provider, int Accepted, int Failed);

/// <param name="Text">What the first server that gave the reason said. Text, never markup.</param>
internal sealed record FailureFigures(DeliveryState State, string? Reason, int Letters, string? Text);

/// <param name="Opens">Readers who opened it for the first time then; programs apart.</param>
internal sealed record EngagementPoint(DateTimeOffset At, int Opens, int MachineOpens, int Clicks, int MachineClicks);

internal sealed record LinkFigures(string Url, int Clicks, int Readers);

internal sealed record EntryFigures(Guid EntryId, string Title, int Clicks);
