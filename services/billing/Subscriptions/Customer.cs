using Newsletter.Billing.Readers;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Subscriptions;

/// <summary>
/// Who pays at Stripe, for one publication. The reader may become known later: whoever pays first proves the mailbox afterwards.
/// </summary>
internal sealed class Customer
{
    private Customer() { }

    public Guid Id { get; private set; }
    public Guid AccountId { get; private set; }
    public string StripeId { get; private set; } = "";
    public Guid PublicationId { get; private set; }
    public Guid? SubscriberId { get; private set; }
    /// <summary>As typed, until the reader is known or erased; the copy of the reader has it afterwards.</summary>
    public string? Email { get; private set; }
    public string? NormalisedEmail { get; private set; }
    public bool Erased { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public long Version { get; private set; }

    public static Customer Of(Guid accountId, string stripeId, Guid publicationId, Guid? subscriberId, string? email, TimeProvider time) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        AccountId = accountId,
        StripeId = stripeId,
        PublicationId = publicationId,
        SubscriberId = subscriberId,
        Email = subscriberId is null ? email : null,
        NormalisedEmail = subscriberId is null ? EmailAddress.Normalise(email) : null,
        CreatedAt = time.GetUtcNow(),
        Version = HybridClock.Next(0, time),
    };

    public void Tie(Guid subscriberId, TimeProvider time)
    {
        (SubscriberId, Email, NormalisedEmail) = (subscriberId, null, null);
        Touch(time);
    }

    public void Erase(Guid? subscriberId, TimeProvider time)
    {
        (SubscriberId, Email, NormalisedEmail, Erased) = (subscriberId, null, null, true);
        Touch(time);
    }

    /// <summary>Makes whoever read this row before, and writes later, begin again.</summary>
    public void Touch(TimeProvider time) => Version = HybridClock.Next(Version, time);
}
