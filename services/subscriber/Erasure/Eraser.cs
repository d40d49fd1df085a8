using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Erasure;

internal static class Eraser
{
    /// <summary>The services that keep something about a reader.</summary>
    public static readonly IReadOnlyList<string> Services = ["billing", "content", "mailer"];

    /// <summary>Removes the person here and tells the others, all by the caller's SaveChanges.</summary>
    public static async Task EraseAsync(this SubscriberDb db, Subscriber subscriber, TimeProvider time, CancellationToken cancellation)
    {
        subscriber.Stamp(time);
        var entry = ErasureEntry.Open(subscriber, time.GetUtcNow());
        db.Add(entry);
        db.RemoveRange(await db.Sessions.Where(s => s.SubscriberId == subscriber.Id).ToListAsync(cancellation));
        db.RemoveRange(await db.Challenges.Where(c => c.SubjectId == subscriber.Id).ToListAsync(cancellation));
        db.Remove(subscriber);
        db.Publish(new SubscribersChanged(subscriber.PublicationId, [subscriber.ToTombstone()]));
        db.Publish(new SubscriberErased(entry.Id, entry.PublicationId, entry.SubscriberId, entry.Version));
    }
}

internal sealed partial class ErasureDoneConsumer(SubscriberDb db, TimeProvider time, ILogger<ErasureDoneConsumer> log) : IConsumer<ErasureDone>
{
    public async Task Consume(ConsumeContext<ErasureDone> context)
    {
        db.ChangeTracker.Clear();
        var entry = await db.Erasures.SingleOrDefaultAsync(e => e.Id == context.Message.ErasureId, context.CancellationToken);
        if (entry is null)
        {
            // From before a restore of our own database.
            Unknown(context.Message.ErasureId);
            return;
        }
        entry.Answer(context.Message.Service, Eraser.Services, time.GetUtcNow());
        // Two services that answer at once collide on the list; the bus tries the loser again.
        await db.SaveChangesAsync(context.CancellationToken);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "An answer came for erasure {ErasureId}, which is not in the ledger")]
    private partial void Unknown(Guid erasureId);
}
