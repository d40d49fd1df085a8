using System.ComponentModel.DataAnnotations;
using Microsoft.EntityFrameworkCore;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Audit;

/// <summary>Section <c>Audit</c>.</summary>
internal sealed class AuditOptions
{
    /// <summary>How long entries of the audit log are kept, in days.</summary>
    [Range(1, 36_500)]
    public int KeepDays { get; set; } = 365;
}

internal static class AuditPruning
{
    /// <summary>The triggers let go of what is older than the horizon, so that no other statement of ours deletes an entry by mistake.</summary>
    public static async Task PruneAuditAsync(this SubscriberDb db, DateTimeOffset before, CancellationToken cancellation)
    {
        var first = TimeIds.FirstAt(before);
        if (!await db.AuditEntries.AnyAsync(e => e.Id.CompareTo(first) < 0, cancellation)) return;
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        await db.AuditHorizons.ExecuteUpdateAsync(row => row.SetProperty(h => h.Before, before), cancellation);
        await db.AuditEntries.Where(e => e.Id.CompareTo(first) < 0).ExecuteDeleteAsync(cancellation);
        await transaction.CommitAsync(cancellation);
    }
}
