using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Storage;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Reconciliation;

/// <summary>Drops what has had its time: the ids of events that Stripe no longer repeats, and addresses that nothing else took out.</summary>
internal sealed class Retention(BillingDb db, TimeProvider time)
{
    private static readonly TimeSpan Kept = TimeSpan.FromDays(30);

    public async Task DropAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - Kept;
        var version = HybridClock.At(before);
        await db.WebhookEvents.Where(e => e.ReceivedAt < before).ExecuteDeleteAsync(cancellation);
        await db.Checkouts.Where(c => c.Email != null && c.CreatedAt < before)
            .ExecuteUpdateAsync(row => row.SetProperty(c => c.Email, (string?)null).SetProperty(c => c.NormalisedEmail, (string?)null), cancellation);
        await db.Readers.Where(r => r.Deleted && r.NormalisedEmail != "" && r.Version < version)
            .ExecuteUpdateAsync(row => row.SetProperty(r => r.NormalisedEmail, ""), cancellation);
    }
}
