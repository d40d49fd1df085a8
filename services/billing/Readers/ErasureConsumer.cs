using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Billing.Grants;
using Newsletter.Billing.Storage;
using Newsletter.Billing.Subscriptions;
using Newsletter.Billing.Webhooks;
using Newsletter.Contracts;

namespace Newsletter.Billing.Readers;

/// <summary>Forgets who somebody was. Ids and amounts stay, as tax law asks; what still runs at Stripe is ended there.</summary>
internal sealed class ErasureConsumer(BillingDb db, GrantBook grants, SyncQueue queue, SyncSignal signal, TimeProvider time) : IConsumer<SubscriberErased>
{
    public async Task Consume(ConsumeContext<SubscriberErased> context)
    {
        var (erasure, cancellation) = (context.Message, context.CancellationToken);
        db.ChangeTracker.Clear();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellation);

        var reader = await db.Readers.SingleOrDefaultAsync(r => r.Id == erasure.SubscriberId && r.PublicationId == erasure.PublicationId, cancellation);
        var address = reader is { NormalisedEmail.Length: > 0 } ? reader.NormalisedEmail : null;
        if (reader is null) db.Add(reader = new ReaderCopy());
        reader.Take(new() { Id = erasure.SubscriberId, PublicationId = erasure.PublicationId, Version = erasure.Version, Deleted = true });
        reader.Forget();

        var customers = await db.Customers.Where(c => c.PublicationId == erasure.PublicationId
            && (c.SubscriberId == erasure.SubscriberId || address != null && c.NormalisedEmail == address)).ToListAsync(cancellation);
        foreach (var customer in customers)
        {
            customer.Erase(erasure.SubscriberId, time);
            foreach (var subscription in await db.Subscriptions.Where(s => s.CustomerId == customer.Id).ToListAsync(cancellation))
            {
                if (subscription.IsLive) subscription.Dismiss(Dismissal.Erased, time);
                await queue.RaiseAsync(subscription.AccountId, StripeKind.Subscription, subscription.StripeId, cancellation);
            }
        }
        foreach (var checkout in await db.Checkouts.Where(c => c.PublicationId == erasure.PublicationId
            && (c.SubscriberId == erasure.SubscriberId || address != null && c.NormalisedEmail == address)).ToListAsync(cancellation))
        {
            checkout.Forget();
        }
        foreach (var grant in await db.Grants.Where(g => g.PublicationId == erasure.PublicationId && g.SubscriberId == erasure.SubscriberId).ToListAsync(cancellation))
        {
            grants.Remove(grant);
        }
        grants.Publish();
        db.Publish(new ErasureDone(erasure.ErasureId, "billing"));
        await db.SaveChangesAsync(cancellation);
        await transaction.CommitAsync(cancellation);
        signal.Raise();
    }
}
