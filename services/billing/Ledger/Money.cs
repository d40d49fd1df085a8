using System.Globalization;

namespace Newsletter.Billing.Ledger;

/// <summary>Amounts in minor units, written for people.</summary>
internal static class Money
{
    // https://docs.stripe.com/currencies#special-cases
    private static readonly HashSet<string> WithoutMinorUnits =
        ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf"];
    private static readonly HashSet<string> WithThreeDecimals = ["bhd", "jod", "kwd", "omr", "tnd"];
    private static readonly Dictionary<string, string> Symbols = new() { ["usd"] = "$", ["eur"] = "€", ["gbp"] = "£", ["jpy"] = "¥" };

    /// <summary>600 usd is <c>$6.00</c>, 600 chf is <c>CHF 6.00</c>, 600 jpy is <c>¥600</c>.</summary>
    public static string Format(long amount, string currency)
    {
        var decimals = WithoutMinorUnits.Contains(currency) ? 0 : WithThreeDecimals.Contains(currency) ? 3 : 2;
        var value = (Math.Abs((decimal)amount) / (decimal)Math.Pow(10, decimals)).ToString($"N{decimals}", CultureInfo.InvariantCulture);
        var sign = amount < 0 ? "−" : "";
        return Symbols.TryGetValue(currency, out var symbol) ? $"{sign}{symbol}{value}" : $"{sign}{currency.ToUpperInvariant()} {value}";
    }
}
