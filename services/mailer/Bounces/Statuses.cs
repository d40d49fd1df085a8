using System.Text.RegularExpressions;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Bounces;

/// <summary>What servers mean by their codes (RFC 3463) and, where they give none that says anything, by their words.</summary>
internal static partial class Statuses
{
    /// <summary>The first enhanced status in a text; null for none. Not a part of an address or of a version.</summary>
    public static string? First(string text) => Enhanced().Match(text) is { Success: true } found ? found.Value : null;

    /// <summary>The SMTP reply that a text begins with, or that stands in it as servers quote it.</summary>
    public static string? ReplyCode(string text) => Reply().Match(text) is { Success: true } found ? found.Groups["code"].Value : null;

    /// <summary>
    /// Of a letter that did not arrive: the mailbox does not exist (bounce), the server does not want it from us (blocked), or it could not be delivered
    /// now, which is no fault of the address unless it repeats (soft bounce).
    /// </summary>
    public static EventKind Meaning(string status, string text)
    {
        if (status.StartsWith('4')) return EventKind.SoftBounce;
        var detail = status.Length > 2 && status[1] == '.' ? status[2..] : "";
        return detail switch
        {
            // Our own address is what is wrong.
            "1.7" or "1.8" => EventKind.Blocked,
            // Mailbox disabled; recipient refused (Microsoft); no such domain.
            "2.1" or "4.1" or "4.4" or "4.310" => EventKind.Bounce,
            _ when detail.StartsWith("1.", StringComparison.Ordinal) => EventKind.Bounce,
            _ when detail.StartsWith("7.", StringComparison.Ordinal) => EventKind.Blocked,
            "" or "0.0" => ByWords(text) ?? (status is "551" or "553" ? EventKind.Bounce : EventKind.SoftBounce),
            _ => EventKind.SoftBounce,
        };
    }

    /// <summary>Null where nothing in the text says why.</summary>
    public static EventKind? ByWords(string text) =>
        Full().IsMatch(text) ? EventKind.SoftBounce
        : Gone().IsMatch(text) ? EventKind.Bounce
        : Refused().IsMatch(text) ? EventKind.Blocked
        : Passing().IsMatch(text) ? EventKind.SoftBounce
        : null;

    [GeneratedRegex(@"(?<![\w.])[245]\.[0-7]\.\d{1,3}(?![\w]|\.\d)")]
    private static partial Regex Enhanced();

    [GeneratedRegex(@"(^|[\s:;(\[""'])(?<code>(4[25]\d|5[05]\d))(?=[\s-])")]
    private static partial Regex Reply();

    [GeneratedRegex(@"mailbox (is )?full|quota|over ?limit|insufficient (disk|storage|system)|exceeded storage|storage (allocation )?exceeded|out of storage", RegexOptions.IgnoreCase)]
    private static partial Regex Full();

    [GeneratedRegex(
        @"(user|recipient|mailbox|address|account|addressee)\W{0,3}( name)?\s?(is |was |has been |could )?(unknown|not (be )?found|unavailable|invalid|disabled|deactivated|inactive|suspended|closed|rejected)"
        + @"|(unknown|no such|invalid|nonexistent|non-existent|bad|inactive|disabled) (local )?(user|recipient|mailbox|address|account|destination)"
        + @"|(does not|doesn't|doesn’t|do not|did not) (exist|have an? .{0,40}account)|(isn't|is not|not) (a )?(known|valid|our) (user|customer|mailbox|address|recipient)|no mailbox (here )?(by|with|under) that name"
        + @"|no longer (active|available|accepting|works? |in use|valid)|unrouteable address|(host|domain)( or domain)?( name)? (does not exist|not found|couldn't be found)|nxdomain|mailbox not found|not listed in",
        RegexOptions.IgnoreCase)]
    private static partial Regex Gone();

    [GeneratedRegex(@"\bspam\b|black ?list|block ?list|\bblocked\b|denied by policy|policy (reasons?|violation)|reputation|\bdmarc\b|\bspf\b|unsolicited|listed (at|by|in) |message (content )?rejected|access denied", RegexOptions.IgnoreCase)]
    private static partial Regex Refused();

    [GeneratedRegex(@"temporar|try again|timed? ?out|greylist|unable to connect|connection (refused|lost|dropped)|too many|retry|loop|too (large|big)|exceeds? (the )?(maximum|size)", RegexOptions.IgnoreCase)]
    private static partial Regex Passing();
}
