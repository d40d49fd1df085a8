using System.Globalization;
using System.Net.Mail;

namespace Newsletter.Billing.Readers;

/// <summary>How billing compares addresses that it was given itself with those of known readers.</summary>
internal static class EmailAddress
{
    private static readonly IdnMapping Idn = new();

    public static string? Normalise(string? typed)
    {
        if (typed is null) return null;
        var address = typed.Trim().ToLowerInvariant();
        var at = address.LastIndexOf('@');
        if (at < 0) return address;
        try
        {
            return $"{address[..at]}@{Idn.GetAscii(address[(at + 1)..])}";
        }
        catch (ArgumentException)
        {
            return address;
        }
    }

    public static bool IsValid(string? typed) =>
        typed is { Length: >= 3 and <= 254 }
        && !typed.Any(char.IsControl)
        && MailAddress.TryCreate(typed.Trim(), out var address)
        && address.Address == typed.Trim()
        && address.User.Length <= 64
        && address.Host.Contains('.', StringComparison.Ordinal);
}
