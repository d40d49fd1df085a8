namespace Newsletter.Console.Api;

public sealed record Tier(string Slug, string Name, string Description, IReadOnlyList<string> Benefits, string Currency, TierPrices Prices, bool Active);

/// <summary>Minor units; null: not sold by that period.</summary>
public sealed record TierPrices(long? Month, long? Year);

public sealed record Grant(Guid Id, Guid SubscriberId, string Tier, string Source, DateTimeOffset From, DateTimeOffset Until);

public sealed record Payment(
    Guid Id, string Kind, long Amount, string Currency, DateTimeOffset OccurredAt, string StripeObject, string StripeInvoice, string? Tier, Guid? SubscriberId);

public sealed record PaidMembership(
    Guid? SubscriberId, string Tier, string Status, string? Interval, DateTimeOffset? Since, DateTimeOffset? PeriodEnd, bool CancelsAtPeriodEnd, long? Amount, string? Currency);

public sealed record MemberStatistics(IReadOnlyList<MemberDay> Days, MemberTotals Totals);

public sealed record MemberDay(DateOnly Day, int Started, int Ended);

public sealed record MemberTotals(int Active, IReadOnlyList<TierTotal> ByTier, IReadOnlyList<SourceTotal> BySource);

public sealed record TierTotal(string Tier, string? Name, int Active);

public sealed record SourceTotal(string Source, int Active);
