using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Newsletter.Subscriber.Addresses;

/// <summary>
/// An address that mail can be sent to: RFC 5321 lengths (64, 255, 254 in all, because a path of 256 holds its brackets too), a dot-atom
/// before the at sign, a host name with a dot behind it. Quoted local parts and address literals are legal, unused by people, and refused.
/// </summary>
/// <param name="Typed">As it was typed, but for white space around it and a domain in other letters than ASCII's, which few servers take.</param>
/// <param name="Normalised">What addresses are compared by: lower case, the domain in its ASCII form.</param>
internal sealed record EmailAddress(string Typed, string Normalised)
{
    public const int MaxLength = 254;
    private const int MaxLocal = 64;
    private const int MaxDomain = 255;
    private const string AtomSymbols = "!#$%&'*+-/=?^_`{|}~.";
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true, AllowUnassigned = false };

    public static bool TryParse(string? text, [NotNullWhen(true)] out EmailAddress? address)
    {
        address = null;
        if (text is null || text.Length > MaxLength) return false;
        var typed = text.Trim(' ');
        var at = typed.LastIndexOf('@');
        if (at < 1 || at > MaxLocal) return false;
        var local = typed[..at];
        var host = typed[(at + 1)..];
        if (!IsDotAtom(local) || AsciiHost(host) is not { } domain) return false;
        if (local.Length + 1 + domain.Length > MaxLength) return false;
        address = new(System.Text.Ascii.IsValid(host) ? typed : $"{local}@{domain}", $"{local.ToLowerInvariant()}@{domain}");
        return true;
    }

    private static bool IsDotAtom(string local) =>
        local[0] != '.' && local[^1] != '.' && !local.Contains("..", StringComparison.Ordinal)
        && local.All(c => char.IsAsciiLetterOrDigit(c) || AtomSymbols.Contains(c, StringComparison.Ordinal));

    private static string? AsciiHost(string domain)
    {
        if (domain.Length is 0 or > MaxDomain || !domain.Contains('.', StringComparison.Ordinal) || domain[^1] == '.') return null;
        try
        {
            var ascii = Idn.GetAscii(domain).ToLowerInvariant();
            var top = ascii[(ascii.LastIndexOf('.') + 1)..];
            return ascii.Length <= MaxDomain && !top.All(char.IsAsciiDigit) ? ascii : null;
        }
        catch (ArgumentException)
        {
            // What IdnMapping says of a label that is no host name: empty, too long, with a control character.
            return null;
        }
    }
}
