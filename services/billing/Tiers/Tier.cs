using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Tiers;

internal enum BillingInterval { Month, Year }

/// <summary>What a publication sells. The slug never changes: posts and grants name the tier by it.</summary>
[Audited]
internal sealed class Tier
{
    private Tier() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public string Slug { get; private set; } = "";
    public string Name { get; private set; } = "";
    public string Description { get; private set; } = "";
    public List<string> Benefits { get; private set; } = [];
    /// <summary>ISO 4217, lower case as Stripe has it.</summary>
    public string Currency { get; private set; } = "";
    /// <summary>Minor units; null: not sold by the month.</summary>
    public long? MonthPrice { get; private set; }
    public long? YearPrice { get; private set; }
    /// <summary>False: no longer sold; who has it keeps it.</summary>
    public bool Active { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public long Version { get; private set; }

    public static Tier Create(Guid publicationId, string slug, TierContent content, TimeProvider time)
    {
        var tier = new Tier { Id = Guid.CreateVersion7(time.GetUtcNow()), PublicationId = publicationId, Slug = slug, CreatedAt = time.GetUtcNow() };
        tier.Change(content, active: true, time);
        return tier;
    }

    public void Change(TierContent content, bool active, TimeProvider time)
    {
        Name = content.Name.Trim();
        Description = content.Description.Trim();
        Benefits = [.. content.Benefits.Select(b => b.Trim()).Where(b => b.Length > 0)];
        Currency = content.Currency.ToLowerInvariant();
        MonthPrice = content.Prices.Month;
        YearPrice = content.Prices.Year;
        Active = active;
        Version = HybridClock.Next(Version, time);
    }

    public long? PriceOf(BillingInterval interval) => interval == BillingInterval.Month ? MonthPrice : YearPrice;
}

/// <summary>A tier as the product of one account; what makes a subscription there known to us.</summary>
internal sealed class TierProduct
{
    private TierProduct() { }

    public Guid AccountId { get; private set; }
    public Guid TierId { get; private set; }
    public string ProductId { get; private set; } = "";
    /// <summary>The name that Stripe shows; it follows the tier's at the next checkout.</summary>
    public string Name { get; private set; } = "";

    public static TierProduct Of(Guid accountId, Tier tier, string productId) =>
        new() { AccountId = accountId, TierId = tier.Id, ProductId = productId, Name = tier.Name };

    public void Renamed(string name) => Name = name;
}

/// <summary>Stripe's prices never change: a new amount is a new row, and members keep the price that they joined at.</summary>
internal sealed class TierPrice
{
    private TierPrice() { }

    public Guid AccountId { get; private set; }
    public string PriceId { get; private set; } = "";
    public Guid TierId { get; private set; }
    public BillingInterval Interval { get; private set; }
    public string Currency { get; private set; } = "";
    public long Amount { get; private set; }

    public static TierPrice Of(Guid accountId, Tier tier, BillingInterval interval, long amount, string priceId) => new()
    {
        AccountId = accountId,
        PriceId = priceId,
        TierId = tier.Id,
        Interval = interval,
        Currency = tier.Currency,
        Amount = amount,
    };
}
