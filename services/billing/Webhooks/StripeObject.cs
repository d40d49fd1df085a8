namespace Newsletter.Billing.Webhooks;

internal enum StripeKind { CheckoutSession, Subscription, Invoice, InvoicePayment, Charge, Refund, Dispute }

/// <summary>
/// An object at Stripe that has news. Every event raises <see cref="Generation"/>; one worker under a lease fetches the object's state,
/// and the work is finished only if nothing was raised meanwhile. So neither the events' order nor their number matters.
/// </summary>
internal sealed class StripeObject
{
    private StripeObject() { }

    public Guid AccountId { get; private set; }
    public string StripeId { get; private set; } = "";
    public StripeKind Kind { get; private set; }
    public long Generation { get; private set; }
    /// <summary>Null: nothing to do.</summary>
    public DateTimeOffset? DueAt { get; private set; }
    /// <summary>Since when it has news, for the metric.</summary>
    public DateTimeOffset RaisedAt { get; private set; }
    public Guid? Lease { get; private set; }
    public DateTimeOffset? LeasedUntil { get; private set; }
    public int Attempts { get; private set; }
    public string? Error { get; private set; }
}

/// <summary>That an event came; its content is not kept, because the object is fetched anyway. Lives 30 days.</summary>
internal sealed class WebhookEvent
{
    private WebhookEvent() { }

    public Guid AccountId { get; private set; }
    public string EventId { get; private set; } = "";
    public string Type { get; private set; } = "";
    public string? ObjectId { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset ReceivedAt { get; private set; }
}
