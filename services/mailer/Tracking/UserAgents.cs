using System.Text.RegularExpressions;

namespace Newsletter.Mailer.Tracking;

/// <summary>Programs that say what they are. Those that call themselves browsers are told by what they do: see <see cref="Clicks"/>.</summary>
internal static partial class UserAgents
{
    /// <summary>
    /// Apple's Mail Privacy Protection loads every image of every letter, and calls itself Mozilla/5.0 and nothing more. Gmail's and Yahoo's proxies load
    /// images when somebody opens the letter: they are people.
    /// </summary>
    public static bool IsMachine(string userAgent) => userAgent is "" or "Mozilla/5.0" || Program().IsMatch(userAgent);

    [GeneratedRegex(
        @"(?<!cu)bot\b|crawl|spider|scan(ner)?\b|preview|headless|phantomjs|curl/|wget/|python|java/|libwww|go-http-client|axios|node-fetch|guzzle|httpclient|facebookexternalhit"
        + @"|barracuda|proofpoint|mimecast|safelinks|urldefense|symantec|fortinet|sophos|bitdefender|virustotal|zscaler",
        RegexOptions.IgnoreCase)]
    private static partial Regex Program();
}
