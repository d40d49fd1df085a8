using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Grants;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Webhooks;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Readers;

/// <summary>Gives those who paid first what they paid for, once they have proven the mailbox. The only place that does.</summary>
internal sealed class ReaderTies(BillingDb db, GrantBook grants, SyncQueue queue, TimeProvider time)
{
    private const int AtOnce = 50;

    /// <summary>Answers whether there may be more.</summary>
    public async Task<bool> TieAsync(CancellationToken cancellation)
    {
        var pairs = await (
            from customer in db.Customers
            where customer.SubscriberId == null && customer.NormalisedEmail != null
            join reader in db.Readers on new { customer.PublicationId, NormalisedEmail = customer.NormalisedEmail! } equals new { reader.PublicationId, reader.NormalisedEmail }
            where reader.ConfirmedAt != null && !reader.Deleted
            orderby customer.Id
            select new { Customer = customer, ReaderId = reader.Id }).Take(AtOnce).ToListAsync(cancellation);
        if (pairs.Count == 0) return false;

        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);
        foreach (var pair in pairs.DistinctBy(p => p.Customer.Id))
        {
            pair.Customer.Tie(pair.ReaderId, time);
            var subscriptions = await db.Subscriptions.Where(s => s.CustomerId == pair.Customer.Id).ToListAsync(cancellation);
            foreach (var subscription in subscriptions)
            {
                await grants.FollowAsync(subscription, pair.ReaderId, cancellation);
                // The reader may have a second one already.
                await queue.RaiseAsync(subscription.AccountId, StripeKind.Subscription, subscription.StripeId, cancellation);
            }
        }
        grants.Publish();
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        return pairs.Count == AtOnce;
    }
}
