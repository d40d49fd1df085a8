namespace Newsletter.Mailer.Pace;

/// <summary>Mailbox providers with many domains, whose servers count our letters to all of them as one.</summary>
internal static class MailboxProviders
{
    private static readonly Dictionary<string, string> Domains = new(StringComparer.OrdinalIgnoreCase);
    // Of every country.
    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["outlook"] = "microsoft",
        ["hotmail"] = "microsoft",
        ["live"] = "microsoft",
        ["yahoo"] = "yahoo",
        ["aol"] = "yahoo",
        ["gmx"] = "gmx",
        ["yandex"] = "yandex",
    };

    static MailboxProviders()
    {
        foreach (var (group, domains) in ((string, string[])[])
        [
            ("gmail", ["gmail.com", "googlemail.com"]),
            ("microsoft", ["msn.com", "windowslive.com", "passport.com"]),
            ("yahoo", ["ymail.com", "rocketmail.com", "myyahoo.com", "aim.com", "verizon.net", "att.net", "sbcglobal.net", "bellsouth.net"]),
            ("apple", ["icloud.com", "me.com", "mac.com"]),
            ("gmx", ["web.de", "mail.com"]),
            ("telekom", ["t-online.de", "magenta.de"]),
            ("comcast", ["comcast.net", "xfinity.com"]),
            ("orange", ["orange.fr", "wanadoo.fr"]),
            ("mailru", ["mail.ru", "inbox.ru", "list.ru", "bk.ru", "internet.ru"]),
            ("yandex", ["ya.ru"]),
            ("proton", ["proton.me", "protonmail.com", "pm.me"]),
        ])
        {
            foreach (var domain in domains) Domains[domain] = group;
        }
    }

    /// <summary>The provider's word, or the address's domain in small letters.</summary>
    public static string GroupOf(string address)
    {
        var domain = address[(address.LastIndexOf('@') + 1)..];
        if (Domains.TryGetValue(domain, out var group)) return group;
        var dot = domain.IndexOf('.', StringComparison.Ordinal);
        // yahoo.com, yahoo.co.uk; not yahoo.some.example.
        return dot > 0 && domain.Length - dot <= 7 && Names.TryGetValue(domain[..dot], out group) ? group : domain.ToLowerInvariant();
    }
}
