using Newsletter.Billing.Storage;
using Newsletter.Billing.Webhooks;
using Newsletter.Contracts;
using Newsletter.Defaults.Copies;

namespace Newsletter.Billing.Readers;

/// <summary>What billing has to know of a subscriber: whether the mailbox is proven, and where receipts go.</summary>
internal sealed class ReaderCopy : Copy<SubscriberSnapshot>
{
    public string Email { get; private set; } = "";
    /// <summary>A tombstone has it until the erasure, which comes before or after it, has found by it what else holds the address; 30 days at most.</summary>
    public string NormalisedEmail { get; private set; } = "";
    public string? Name { get; private set; }
    public DateTimeOffset? ConfirmedAt { get; private set; }

    protected override void Fill(SubscriberSnapshot snapshot) => (Email, NormalisedEmail, Name, ConfirmedAt) =
        (snapshot.Email, EmailAddress.Normalise(snapshot.NormalisedEmail) ?? "", snapshot.Name, snapshot.ConfirmedAt);

    protected override void Clear() => (Email, Name, ConfirmedAt) = ("", null, null);

    public void Forget() => NormalisedEmail = "";
}

internal sealed class PublicationConsumer(BillingDb db) : PublicationCopyConsumer<BillingDb>(db);

internal sealed class ReaderConsumer(BillingDb db, SyncSignal signal)
    : CopyConsumer<BillingDb, SubscribersChanged, SubscriberSnapshot, ReaderCopy>(db)
{
    protected override IReadOnlyList<SubscriberSnapshot> SnapshotsOf(SubscribersChanged changed) => changed.Subscribers;

    /// <summary>Somebody who paid first may be among them: the worker ties what is untied.</summary>
    protected override Task FollowAsync(IReadOnlyList<ReaderCopy> changed, CancellationToken cancellation)
    {
        signal.Raise();
        return Task.CompletedTask;
    }
}
