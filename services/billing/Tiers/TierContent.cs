using System.ComponentModel.DataAnnotations;

namespace Newsletter.Billing.Tiers;

/// <summary>Minor units of the tier's currency; at least one of them.</summary>
public sealed record TierPrices(
    [property: Range(1, TierPrices.Most)] long? Month,
    [property: Range(1, TierPrices.Most)] long? Year)
{
    /// <summary>Stripe's own limit: eight digits.</summary>
    public const long Most = 99_999_999;
}

/// <summary>What staff write into a tier.</summary>
public record TierContent : IValidatableObject
{
    [Required, StringLength(80, MinimumLength = 1)]
    public required string Name { get; init; }

    [StringLength(500)]
    public string Description { get; init; } = "";

    [MaxLength(20)]
    public IReadOnlyList<string> Benefits { get; init; } = [];

    [Required, RegularExpression("^[A-Za-z]{3}$", ErrorMessage = "Three letters, such as usd.")]
    public required string Currency { get; init; }

    [Required]
    public required TierPrices Prices { get; init; }

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Prices is { Month: null, Year: null }) yield return new("A tier needs a price by month, by year, or both.", [nameof(Prices)]);
        if (Benefits.Any(b => b is null || b.Length > 200)) yield return new("A benefit has at most 200 characters.", [nameof(Benefits)]);
    }
}

public sealed record NewTier : TierContent
{
    [Required, StringLength(60), RegularExpression("^[a-z0-9]+(-[a-z0-9]+)*$", ErrorMessage = "Lower-case letters, digits and single hyphens.")]
    public required string Slug { get; init; }
}

public sealed record ChangedTier : TierContent
{
    /// <summary>False: no longer sold.</summary>
    public bool Active { get; init; } = true;
}

public sealed record TierView(
    string Slug, string Name, string Description, IReadOnlyList<string> Benefits, string Currency, TierPrices Prices, bool Active)
{
    internal static TierView Of(Tier t) => new(t.Slug, t.Name, t.Description, t.Benefits, t.Currency, new(t.MonthPrice, t.YearPrice), t.Active);
}
