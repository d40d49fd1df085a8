using System.Globalization;
using System.Text.RegularExpressions;
using Newsletter.Mailer.Pace;

namespace Newsletter.Mailer.Providers;

/// <summary>
/// Whom a mail server's "not now" is about. Servers tell it by their words more than by their codes: 421 may mean one connection too many or a letter
/// that looks odd, and 4.7.1 greylisting as well as a rate.
/// </summary>
internal static partial class SmtpThrottle
{
    private static readonly TimeSpan Greylisted = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan FullMailbox = TimeSpan.FromHours(1);
    private static readonly TimeSpan Longest = TimeSpan.FromHours(1);

    public readonly record struct Meaning(HoldScope Scope, string Reason, TimeSpan? RetryAfter);

    /// <param name="enhanced">RFC 3463's code, if the text begins with one.</param>
    /// <param name="isOfRecipient">False: said before a recipient was named, so of all of them.</param>
    public static Meaning Of(int status, string? enhanced, string text, bool isOfRecipient)
    {
        var asked = TimeIn(text);
        if (enhanced is "4.2.2" || Full().IsMatch(text)) return new(HoldScope.Letter, "", asked ?? FullMailbox);
        if (enhanced is "4.2.0" || Grey().IsMatch(text)) return new(HoldScope.Letter, "", asked ?? Greylisted);
        var wide = isOfRecipient ? HoldScope.Domain : HoldScope.Account;
        if (Connections().IsMatch(text)) return new(wide, HoldReasons.TooManyConnections, asked);
        if (enhanced is "4.7.28" or "4.7.650" || Rate().IsMatch(text)) return new(wide, HoldReasons.RateLimited, asked);
        // The server's own trouble, whoever the letter is to: its disk, its load.
        if (enhanced?.StartsWith("4.3.", StringComparison.Ordinal) == true) return new(HoldScope.Account, HoldReasons.Busy, asked);
        return status == 421 ? new(wide, HoldReasons.Busy, asked) : new(HoldScope.Letter, "", null);
    }

    /// <summary>"Try again in 300 seconds".</summary>
    private static TimeSpan? TimeIn(string text)
    {
        if (Time().Match(text) is not { Success: true } match || !int.TryParse(match.Groups["n"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var n)) return null;
        var wait = match.Groups["unit"].Value.StartsWith("m", StringComparison.OrdinalIgnoreCase) ? TimeSpan.FromMinutes(n) : TimeSpan.FromSeconds(n);
        return wait < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : wait > Longest ? Longest : wait;
    }

    [GeneratedRegex(@"gr[ae]y-?list|postgrey", RegexOptions.IgnoreCase)]
    private static partial Regex Grey();

    [GeneratedRegex(@"mailbox (is )?full|over ?quota|quota (is )?exceeded|exceeded.{0,20}\bquota|insufficient (storage|space) for (user|mailbox)", RegexOptions.IgnoreCase)]
    private static partial Regex Full();

    [GeneratedRegex(@"too many (concurrent |simultaneous |open |smtp )*(connections|sessions)|(connection|concurrency|session)s? (limit|rate|count)|concurrent connections", RegexOptions.IgnoreCase)]
    private static partial Regex Connections();

    // Yahoo's [TSS04], Outlook's S3150 and RP-001; the rest in so many words.
    [GeneratedRegex(@"\[?TSS?\d\d\b|\bS3(150|140)\b|\bRP-00\d\b|rate[ -]?limit|throttl|too (many|much) (messages|mails?|recipients|emails|requests|traffic)|unusual rate|unexpected volume|user complaints|temporarily deferred|sending (limit|rate)|slow down|exceeded.{0,30}\b(rate|limit|messages)", RegexOptions.IgnoreCase)]
    private static partial Regex Rate();

    [GeneratedRegex(@"\b(?<n>\d{1,5}) ?(?<unit>s|secs?|seconds?|m|mins?|minutes?)\b", RegexOptions.IgnoreCase)]
    private static partial Regex Time();
}
