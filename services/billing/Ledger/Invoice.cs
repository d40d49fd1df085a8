using Newsletter.Billing.Subscriptions;

namespace Newsletter.Billing.Ledger;

/// <summary>An invoice for one of our tiers: what readers see of their payments, and which mails about it are sent.</summary>
internal sealed class Invoice
{
    private Invoice() { }

    public Guid Id { get; private set; }
    public Guid AccountId { get; private set; }
    public string StripeId { get; private set; } = "";
    public Guid PublicationId { get; private set; }
    public Guid CustomerId { get; private set; }
    public string? Number { get; private set; }
    public long AmountPaid { get; private set; }
    public string Currency { get; private set; } = "";
    public DateTimeOffset? PaidAt { get; private set; }
    public long FailedAttempts { get; private set; }
    public bool ReceiptSent { get; private set; }
    public long FailuresMailed { get; private set; }

    public static Invoice Of(Customer customer, string stripeId, TimeProvider time) => new()
    {
        Id = Guid.CreateVersion7(time.GetUtcNow()),
        AccountId = customer.AccountId,
        StripeId = stripeId,
        PublicationId = customer.PublicationId,
        CustomerId = customer.Id,
    };

    public void Take(Stripe.Invoice stripe)
    {
        Number = stripe.Number;
        AmountPaid = stripe.AmountPaid;
        Currency = stripe.Currency;
        PaidAt = stripe.Status == "paid" ? Utc(stripe.StatusTransitions.PaidAt ?? stripe.Created) : null;
        FailedAttempts = stripe.Status == "open" ? stripe.AttemptCount : 0;
    }

    /// <summary>True once: the receipt is to be sent with this save.</summary>
    public bool TakeReceipt()
    {
        if (ReceiptSent || PaidAt is null || AmountPaid <= 0) return false;
        return ReceiptSent = true;
    }

    /// <summary>True once for each attempt that failed.</summary>
    public bool TakeFailure()
    {
        if (FailedAttempts <= FailuresMailed) return false;
        FailuresMailed = FailedAttempts;
        return true;
    }

    internal static DateTimeOffset Utc(DateTime t) => new(DateTime.SpecifyKind(t, DateTimeKind.Utc));
}
