using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Audience;

/// <summary>Wipes a person: address, name, payloads. The ledger keeps ids; suppression survives as a keyed hash.</summary>
internal sealed class ErasureConsumer(MailerDb db, TimeProvider time) : IConsumer<SubscriberErased>
{
    public async Task Consume(ConsumeContext<SubscriberErased> context)
    {
        var (erased, cancellation) = (context.Message, context.CancellationToken);
        db.ChangeTracker.Clear();
        var recipient = await db.Recipients.SingleOrDefaultAsync(r => r.Id == erased.SubscriberId, cancellation);
        if (recipient is null) db.Add(recipient = new());
        recipient.Erase(erased);
        foreach (var mail in await db.TransactionalMails.Where(m => m.SubscriberId == erased.SubscriberId).ToListAsync(cancellation))
            mail.Erase(time.GetUtcNow());
        foreach (var status in await db.AddressStatuses.Where(a => a.SubscriberId == erased.SubscriberId).ToListAsync(cancellation))
            status.Erase();
        db.Publish(new ErasureDone(erased.ErasureId, "mailer"));
        await db.SaveChangesAsync(cancellation);
    }
}
