using Newsletter.Billing.Readers;
using Newsletter.Billing.Tiers;

namespace Newsletter.Billing.Checkouts;

internal enum CheckoutState { Open, Complete, Expired }

/// <summary>Somebody was sent to Stripe to pay. Kept once Stripe has given the page, so that a provider that is away leaves nothing behind.</summary>
internal sealed class Checkout
{
    private Checkout() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public Guid AccountId { get; private set; }
    public string SessionId { get; private set; } = "";
    public Guid TierId { get; private set; }
    public BillingInterval Interval { get; private set; }
    /// <summary>The reader who was signed in; else <see cref="Email"/>.</summary>
    public Guid? SubscriberId { get; private set; }
    /// <summary>Of somebody who was not, until a customer has it or the session ends.</summary>
    public string? Email { get; private set; }
    public string? NormalisedEmail { get; private set; }
    public CheckoutState State { get; private set; }
    /// <summary>Stripe's.</summary>
    public string? SubscriptionId { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }

    public static Checkout Begun(Guid id, Guid publicationId, Guid accountId, string sessionId, Tier tier, BillingInterval interval, Payer payer, DateTimeOffset now) => new()
    {
        Id = id,
        PublicationId = publicationId,
        AccountId = accountId,
        SessionId = sessionId,
        TierId = tier.Id,
        Interval = interval,
        SubscriberId = payer.SubscriberId,
        Email = payer.SubscriberId is null ? payer.Email : null,
        NormalisedEmail = payer.SubscriberId is null ? EmailAddress.Normalise(payer.Email) : null,
        CreatedAt = now,
    };

    public void Take(Stripe.Checkout.Session session)
    {
        State = session.Status switch { "complete" => CheckoutState.Complete, "expired" => CheckoutState.Expired, _ => CheckoutState.Open };
        SubscriptionId = session.SubscriptionId;
        if (State == CheckoutState.Expired) Forget();
    }

    public void Forget() => (Email, NormalisedEmail) = (null, null);
}

/// <summary>Who wants to pay: a reader who is signed in, or somebody with an address that is still to be proven.</summary>
internal sealed record Payer(Guid? SubscriberId, string? Email);
