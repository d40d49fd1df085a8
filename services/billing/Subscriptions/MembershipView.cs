using Newsletter.Billing.Grants;
using Newsletter.Billing.Ledger;
using Newsletter.Billing.Tiers;
using Newsletter.Contracts;

namespace Newsletter.Billing.Subscriptions;

/// <summary>A reader's membership in words; days are those of the publication's zone.</summary>
public sealed record MembershipView(PlanView? Plan, IReadOnlyList<AccessView> OtherAccess, IReadOnlyList<PaymentRow> Payments, bool HasPortal);

public sealed record PlanView(string Name, string Status, string Price, string DayLabel, DateOnly Day, bool Renews, bool PaymentDue);

public sealed record AccessView(string Source, string Tier, DateOnly Until);

public sealed record PaymentRow(DateOnly Day, string Number, string Amount);

internal static class MembershipViews
{
    public static PlanView Of(Subscription s, Tier? tier, TimeZoneInfo zone) => new(
        tier?.Name ?? "No longer offered",
        s.Status switch
        {
            SubscriptionStatus.Trialing => "Trial",
            SubscriptionStatus.PastDue or SubscriptionStatus.Unpaid => "Payment due",
            SubscriptionStatus.Paused => "Paused",
            _ => s.Renews ? "Active" : "Cancelled",
        },
        $"{Money.Format(s.Amount, s.Currency)} {(s.Interval == BillingInterval.Year ? "a year" : "a month")}",
        s.Renews ? "Renews on" : "Open until",
        DayOf(s.EndsAt ?? s.PeriodEnd, zone),
        s.Renews,
        s.Status is SubscriptionStatus.PastDue or SubscriptionStatus.Unpaid);

    public static AccessView Of(Grant grant, string tier, TimeZoneInfo zone) => new(
        grant.Source switch
        {
            GrantSource.Gift => "A gift",
            GrantSource.Complimentary => "With our compliments",
            GrantSource.Seat => "A seat of your group",
            _ => "Paid",
        },
        tier,
        DayOf(grant.Until, zone));

    public static PaymentRow Of(Invoice invoice, TimeZoneInfo zone) =>
        new(DayOf(invoice.PaidAt!.Value, zone), invoice.Number ?? "", Money.Format(invoice.AmountPaid, invoice.Currency));

    private static DateOnly DayOf(DateTimeOffset t, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(t, zone).DateTime);
}
