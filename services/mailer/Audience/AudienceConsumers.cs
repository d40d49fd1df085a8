using Newsletter.Contracts;
using Newsletter.Defaults.Copies;
using Newsletter.Mailer.Editions;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Audience;

internal sealed class PublicationConsumer(MailerDb db, TimeProvider time) : PublicationCopyConsumer<MailerDb>(db)
{
    protected override async Task FollowAsync(IReadOnlyList<PublicationCopy> changed, CancellationToken cancellation)
    {
        foreach (var copy in changed.Where(c => !c.Deleted)) await Suspensions.ApplyAsync(Db, copy, time, cancellation);
    }
}

internal sealed class RecipientConsumer(MailerDb db, SecretKeys keys) : CopyConsumer<MailerDb, SubscribersChanged, SubscriberSnapshot, Recipient>(db)
{
    protected override IReadOnlyList<SubscriberSnapshot> SnapshotsOf(SubscribersChanged changed) => changed.Subscribers;

    protected override async Task FollowAsync(IReadOnlyList<Recipient> changed, CancellationToken cancellation)
    {
        var hasher = await keys.AddressHasherAsync(cancellation);
        foreach (var recipient in changed) recipient.HashAddress(hasher);
    }
}

internal sealed class GrantConsumer(MailerDb db) : CopyConsumer<MailerDb, GrantsChanged, GrantSnapshot, GrantCopy>(db)
{
    protected override IReadOnlyList<GrantSnapshot> SnapshotsOf(GrantsChanged changed) => changed.Grants;
}
