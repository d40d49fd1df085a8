namespace Newsletter.Billing.Ledger;

internal enum MoneyKind { Payment, Tax, Refund, Dispute }

/// <summary>
/// Money that moved, from an object at Stripe that never changes: unique by account, object and line, dated by Stripe, and so rebuildable.
/// Holds ids only, and outlives the reader's erasure as tax law asks.
/// </summary>
internal sealed class MoneyLine
{
    private MoneyLine() { }

    public Guid Id { get; private set; }
    public Guid AccountId { get; private set; }
    public string ObjectId { get; private set; } = "";
    public string Line { get; private set; } = "";
    public Guid PublicationId { get; private set; }
    public MoneyKind Kind { get; private set; }
    /// <summary>Minor units; below zero for what went out.</summary>
    public long Amount { get; private set; }
    public string Currency { get; private set; } = "";
    public DateTimeOffset OccurredAt { get; private set; }
    public string InvoiceId { get; private set; } = "";
    public Guid CustomerId { get; private set; }
    public Guid? TierId { get; private set; }

    public static MoneyLine Of(Invoice invoice, string objectId, string line, MoneyKind kind, long amount, DateTimeOffset occurredAt, Guid? tierId = null) => new()
    {
        Id = Guid.CreateVersion7(occurredAt),
        AccountId = invoice.AccountId,
        ObjectId = objectId,
        Line = line,
        PublicationId = invoice.PublicationId,
        Kind = kind,
        Amount = amount,
        Currency = invoice.Currency,
        OccurredAt = occurredAt,
        InvoiceId = invoice.StripeId,
        CustomerId = invoice.CustomerId,
        TierId = tierId,
    };
}
