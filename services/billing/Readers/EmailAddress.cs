using System.Globalization;
using System.Net.Mail;

namespace Newsletter.Billing.Readers;

/// <summary>How billing compares addresses that it was given itself with those of known readers.</summary>
internal static class EmailAddress
{
    private const string AtomSymbols = "!#$%&'*+-/=?^_`{|}~.";
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

    /// <summary>A dot-atom and a host name, as subscriber asks for too: whoever pays has to be reachable.</summary>
    public static bool IsValid(string? typed) =>
        typed is { Length: >= 3 and <= 254 }
        && MailAddress.TryCreate(typed.Trim(), out var address)
        && address.Address == typed.Trim()
        && address.User.Length <= 64
        && address.User.All(c => char.IsAsciiLetterOrDigit(c) || AtomSymbols.Contains(c, StringComparison.Ordinal))
        && address.Host.Contains('.', StringComparison.Ordinal)
        && Uri.CheckHostName(address.Host) == UriHostNameType.Dns;
}
