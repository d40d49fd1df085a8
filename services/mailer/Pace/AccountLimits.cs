using System.ComponentModel.DataAnnotations;

namespace Newsletter.Mailer.Pace;

/// <summary>How fast letters may leave through an account.</summary>
/// <param name="Rate">Letters a second; null: as fast as it takes them.</param>
/// <param name="Domains">Where each letter is given to a mail server; the others mind recipients' domains themselves.</param>
internal sealed record AccountLimits(double? Rate = null, WarmUpPlan? WarmUp = null, DomainLimits? Domains = null)
{
    public const double LeastRate = 0.01;
    public const double MostRate = 100_000;
    public static readonly AccountLimits None = new();
}

/// <summary>A daily cap for an account that mailbox providers do not know yet. It grows after each day on which at least half of it was used.</summary>
public sealed record WarmUpPlan
{
    private const int Endless = 10_000_000;

    /// <summary>Letters on the first day.</summary>
    [Range(1, Endless)]
    public int First { get; init; }

    /// <summary>Each day's cap is so many times the one before.</summary>
    [Range(1.01, 10.0)]
    public double Growth { get; init; } = 1.5;

    /// <summary>It is over when the cap reaches this.</summary>
    [Range(1, Endless)]
    public int? Most { get; init; }

    /// <summary>It is over after so many days that grew it.</summary>
    [Range(1, 365)]
    public int? Days { get; init; }

    /// <summary>Null: it is over, and there is no cap any more.</summary>
    internal int? CapOf(int step)
    {
        var cap = First * Math.Pow(Growth, step);
        return step >= Days || cap >= (Most ?? Endless) ? null : (int)cap;
    }

    internal IEnumerable<ValidationResult> Faults(string member)
    {
        List<ValidationResult> faults = [];
        Validator.TryValidateObject(this, new(this), faults, validateAllProperties: true);
        return faults.Select(fault => new ValidationResult(fault.ErrorMessage, [.. fault.MemberNames.Select(name => $"{member}:{name}")]));
    }
}

/// <summary>What a mail server's letters to one domain are bounded by.</summary>
/// <param name="Named">By domain or by group of domains; the rest has <paramref name="Others"/>.</param>
internal sealed record DomainLimits(DomainLimitOptions Others, IReadOnlyDictionary<string, DomainLimitOptions> Named)
{
    public DomainLimitOptions Of(string domain) => Named.TryGetValue(domain, out var own) ? new() { Connections = own.Connections ?? Others.Connections, Rate = own.Rate ?? Others.Rate } : Others;
}

/// <summary>Of one recipient domain, or of a large mailbox provider's domains together.</summary>
internal sealed class DomainLimitOptions
{
    /// <summary>Letters side by side, in each process.</summary>
    [Range(1, 64)]
    public int? Connections { get; set; }

    /// <summary>Letters a second, by all processes together.</summary>
    [Range(AccountLimits.LeastRate, AccountLimits.MostRate)]
    public double? Rate { get; set; }

    public bool IsNone => Connections is null && Rate is null;
}
