using Newsletter.Billing.Subscriptions;

namespace Newsletter.Billing.Grants;

/// <summary>The access that a subscription earns, as a pure function of its state.</summary>
internal static class GrantWindow
{
    public static (DateTimeOffset From, DateTimeOffset Until)? Of(Subscription subscription, GrantOptions options)
    {
        if (subscription.TierId is null || subscription.Dismissal != Dismissal.None) return null;
        DateTimeOffset? until = subscription.Status switch
        {
            SubscriptionStatus.Active or SubscriptionStatus.Trialing => subscription.EndsAt ?? subscription.PeriodEnd.AddDays(options.SlackDays),
            SubscriptionStatus.PastDue => Earlier(subscription.PeriodStart.AddDays(options.PastDueDays), subscription.EndsAt),
            SubscriptionStatus.Canceled => subscription.EndedAt,
            // Stripe gave up on the money, or a trial ended without a card: the running period was never paid.
            SubscriptionStatus.Unpaid or SubscriptionStatus.Paused => subscription.PeriodStart,
            _ => null,
        };
        return until > subscription.StartedAt ? (subscription.StartedAt, until.Value) : null;
    }

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset? b) => b < a ? b.Value : a;
}
