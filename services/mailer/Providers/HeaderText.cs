using System.Text;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Providers;

/// <summary>What may stand in a mail's header: never a line break, wherever the text came from.</summary>
internal static class HeaderText
{
    // RFC 5322: a line of 998 octets.
    private const int MaxValue = 900;
    private const int MaxName = 100;
    // RFC 5321: the path that carries an address has 256 octets, two of them angle brackets.
    private const int MaxAddress = 254;
    private const int MaxLocal = 64;

    public static string Value(string value) => Subject.Of(value, MaxValue);

    /// <summary>Null for none. SendGrid refuses names with a semicolon or comma.</summary>
    public static string? Name(string? name)
    {
        if (name is null) return null;
        var clean = Subject.Of(name.Replace(';', ' ').Replace(',', ' '), MaxName);
        return clean.Length > 0 ? clean : null;
    }

    /// <summary>In octets, as servers count them. What a quoted local part may hold beyond that, no mailbox of a person has; comments and a final dot are no part of a path.</summary>
    public static bool IsAddress(string address)
    {
        var at = address.LastIndexOf('@');
        return at > 0 && at < address.Length - 1 && address[^1] != '.' && IsLocal(address.AsSpan(0, at)) && Encoding.UTF8.GetByteCount(address) <= MaxAddress && Encoding.UTF8.GetByteCount(address.AsSpan(0, at)) <= MaxLocal
            && !address.Any(c => char.IsControl(c) || char.IsWhiteSpace(c) || c is '<' or '>' or '(' or ')' or ',' or ';');
    }

    /// <summary>RFC 5321: dots stand between something, unless it is quoted.</summary>
    private static bool IsLocal(ReadOnlySpan<char> local) => local[0] == '"' || !(local[0] == '.' || local[^1] == '.' || local.Contains("..", StringComparison.Ordinal));
}
