using System.Globalization;

namespace Newsletter.Mailer.Storage;

/// <summary>Names of domains as DNS has them.</summary>
internal static class MailDomain
{
    private const int MaxLength = 253;
    private static readonly IdnMapping Idn = new() { UseStd3AsciiRules = true, AllowUnassigned = false };

    /// <summary>Of an address; null where it is none that DNS could know.</summary>
    public static string? Of(string address) => Ascii(address[(address.LastIndexOf('@') + 1)..]);

    public static string? Ascii(string domain)
    {
        try
        {
            var ascii = Idn.GetAscii(domain.Trim()).ToLowerInvariant();
            return ascii.Length <= MaxLength && ascii.Contains('.', StringComparison.Ordinal) && !ascii.EndsWith('.') && !System.Net.IPAddress.TryParse(ascii, out _) ? ascii : null;
        }
        catch (ArgumentException)
        {
            // What IdnMapping says of a label that is none: empty, too long, with a control character.
            return null;
        }
    }
}
