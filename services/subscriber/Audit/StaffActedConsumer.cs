using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Audit;

/// <summary>Writes what every service tells of its staff's deeds. An entry that came before is there already; order does not matter.</summary>
internal sealed class StaffActedConsumer(SubscriberDb db) : IConsumer<StaffActed>
{
    public async Task Consume(ConsumeContext<StaffActed> context)
    {
        var (acted, cancellation) = (context.Message, context.CancellationToken);
        db.ChangeTracker.Clear();
        if (await db.AuditEntries.AnyAsync(e => e.Id == acted.Id, cancellation)) return;
        var key = await db.ApiKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Id == acted.Who, cancellation);
        var account = key is null ? acted.Who : key.CreatedBy;
        var email = await db.StaffAccounts.Where(a => a.Id == account).Select(a => a.Email).SingleOrDefaultAsync(cancellation);
        db.Add(AuditEntry.Of(acted, account, key?.Id, [email, key?.Name]));
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            // The same message, delivered twice at once.
        }
    }
}
