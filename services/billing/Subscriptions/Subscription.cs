using Newsletter.Billing.Tiers;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Subscriptions;

internal enum SubscriptionStatus { Incomplete, IncompleteExpired, Trialing, Active, PastDue, Canceled, Unpaid, Paused }

/// <summary>Why we end a subscription at Stripe ourselves.</summary>
internal enum Dismissal { None, Duplicate, Erased }

/// <summary>A subscription as Stripe last told of it; written whole, never in steps.</summary>
internal sealed class Subscription
{
    private Subscription() { }

    public Guid Id { get; private set; }
    public Guid AccountId { get; private set; }
    public string StripeId { get; private set; } = "";
    public Guid PublicationId { get; private set; }
    public Guid CustomerId { get; private set; }
    /// <summary>Null when it was changed to a product that we do not know, which counts for nothing.</summary>
    public Guid? TierId { get; private set; }
    public SubscriptionStatus Status { get; private set; }
    public BillingInterval Interval { get; private set; }
    public long Amount { get; private set; }
    public string Currency { get; private set; } = "";
    public DateTimeOffset StartedAt { get; private set; }
    public DateTimeOffset PeriodStart { get; private set; }
    public DateTimeOffset PeriodEnd { get; private set; }
    /// <summary>Set when it will not renew.</summary>
    public DateTimeOffset? EndsAt { get; private set; }
    public DateTimeOffset? EndedAt { get; private set; }
    public DateTimeOffset CheckedAt { get; private set; }
    public Dismissal Dismissal { get; private set; }
    public DateTimeOffset? DismissedAt { get; private set; }
    public long Version { get; private set; }

    public bool IsLive => Status is SubscriptionStatus.Trialing or SubscriptionStatus.Active or SubscriptionStatus.PastDue or SubscriptionStatus.Paused or SubscriptionStatus.Unpaid;
    public bool Renews => EndsAt is null && EndedAt is null;

    /// <summary>It is still to be ended at Stripe.</summary>
    public bool AwaitsDismissal => Dismissal != Dismissal.None && DismissedAt is null;

    public static Subscription Of(Customer customer, string stripeId, TimeProvider time) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        AccountId = customer.AccountId,
        StripeId = stripeId,
        PublicationId = customer.PublicationId,
        CustomerId = customer.Id,
    };

    public void Take(Stripe.Subscription stripe, Stripe.SubscriptionItem item, Guid? tierId, TimeProvider time)
    {
        TierId = tierId;
        Status = StatusOf(stripe.Status);
        Interval = item.Price.Recurring?.Interval == "year" ? BillingInterval.Year : BillingInterval.Month;
        Amount = (item.Price.UnitAmount ?? 0) * item.Quantity;
        Currency = stripe.Currency;
        StartedAt = Utc(stripe.StartDate);
        PeriodStart = Utc(item.CurrentPeriodStart);
        PeriodEnd = Utc(item.CurrentPeriodEnd);
        EndsAt = stripe.CancelAt is { } at ? Utc(at) : stripe.CancelAtPeriodEnd ? PeriodEnd : null;
        EndedAt = stripe.EndedAt is { } ended ? Utc(ended) : null;
        CheckedAt = time.GetUtcNow();
        Version = HybridClock.Next(Version, time);
    }

    public void Dismiss(Dismissal reason, TimeProvider time)
    {
        if (Dismissal != Dismissal.None) return;
        Dismissal = reason;
        Version = HybridClock.Next(Version, time);
    }

    public void Dismissed(TimeProvider time) => DismissedAt = time.GetUtcNow();

    /// <summary>Deleted at Stripe, as test data can be: over since we last saw it alive.</summary>
    public void Vanished(TimeProvider time)
    {
        Status = SubscriptionStatus.Canceled;
        EndedAt ??= time.GetUtcNow();
        Version = HybridClock.Next(Version, time);
    }

    public static SubscriptionStatus StatusOf(string status) => status switch
    {
        "trialing" => SubscriptionStatus.Trialing,
        "active" => SubscriptionStatus.Active,
        "past_due" => SubscriptionStatus.PastDue,
        "canceled" => SubscriptionStatus.Canceled,
        "unpaid" => SubscriptionStatus.Unpaid,
        "paused" => SubscriptionStatus.Paused,
        "incomplete" => SubscriptionStatus.Incomplete,
        "incomplete_expired" => SubscriptionStatus.IncompleteExpired,
        _ => throw new InvalidOperationException($"Stripe knows a subscription status that we do not: {status}."),
    };

    private static DateTimeOffset Utc(DateTime t) => new(DateTime.SpecifyKind(t, DateTimeKind.Utc));
}
