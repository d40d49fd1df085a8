using MassTransit;
using Microsoft.EntityFrameworkCore;
using Newsletter.Content.Storage;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;

namespace Newsletter.Content.Readers;

internal sealed class SubscriberConsumer(ContentDb db) : CopyConsumer<ContentDb, SubscribersChanged, SubscriberSnapshot, Reader>(db), IConsumer<SubscribersChanged>
{
    protected override IReadOnlyList<SubscriberSnapshot> SnapshotsOf(SubscribersChanged changed) => changed.Subscribers;
}

internal sealed class GrantConsumer(ContentDb db, TimeProvider time) : CopyConsumer<ContentDb, GrantsChanged, GrantSnapshot, Grant>(db), IConsumer<GrantsChanged>
{
    protected override IReadOnlyList<GrantSnapshot> SnapshotsOf(GrantsChanged changed) => changed.Grants;

    public override async Task Consume(ConsumeContext<GrantsChanged> context)
    {
        await base.Consume(context);
        if (context.Message.CausedAt is { } caused) EntitlementLag.Took(time.GetUtcNow() - caused);
    }
}

/// <summary>Of an erased person nothing stays but the tombstone; grants are billing's to take back.</summary>
internal sealed class ErasureConsumer(ContentDb db) : IConsumer<SubscriberErased>
{
    public async Task Consume(ConsumeContext<SubscriberErased> context)
    {
        var erased = context.Message;
        var cancellation = context.CancellationToken;
        db.ChangeTracker.Clear();
        await db.MeterReads.Where(r => r.SubscriberId == erased.SubscriberId && r.PublicationId == erased.PublicationId).ExecuteDeleteAsync(cancellation);
        var tombstone = new SubscriberSnapshot { Id = erased.SubscriberId, PublicationId = erased.PublicationId, Version = erased.Version, Deleted = true };
        if (await db.Readers.SingleOrDefaultAsync(r => r.Id == erased.SubscriberId, cancellation) is { } reader) reader.Take(tombstone);
        else
        {
            var buried = new Reader();
            buried.Take(tombstone);
            db.Add(buried);
        }
        db.Publish(new ErasureDone(erased.ErasureId, "content"));
        await db.SaveChangesAsync(cancellation);
    }
}
