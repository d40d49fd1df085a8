using System.ComponentModel.DataAnnotations;

namespace Newsletter.Billing.Webhooks;

/// <summary>How Stripe's objects are brought over, section <c>Billing</c>.</summary>
internal sealed class SyncOptions
{
    /// <summary>Seconds that a worker has for one object; after that another may take it. Longer than all calls to Stripe for one object.</summary>
    [Range(1, 600)]
    public int LeaseSeconds { get; set; } = 90;

    /// <summary>Minutes between two comparisons of everything that lives with Stripe.</summary>
    [Range(1, 1440)]
    public int ReconcileMinutes { get; set; } = 60;

    public TimeSpan Lease => TimeSpan.FromSeconds(LeaseSeconds);
}
