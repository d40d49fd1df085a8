using System.ComponentModel.DataAnnotations;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Bounces;

/// <summary>How mail servers' bounces come in, section <c>Smtp:Bounces</c>.</summary>
internal sealed class BounceOptions : IValidatableObject
{
    public const string Section = "Smtp:Bounces";

    private const int ShortestToken = 32;

    /// <summary>What a mail server shows to hand mails over at <c>/webhooks/smtp</c>; without it, they are refused.</summary>
    public string? Token { get; set; }

    /// <summary>Further mail servers, at <c>/webhooks/smtp/{account}</c>.</summary>
    public Dictionary<string, BounceAccount> Accounts { get; set; } = [];

    /// <summary>A mailbox that bounces arrive in.</summary>
    public ImapOptions? Imap { get; set; }

    public string? TokenOf(string account) => account.Length == 0 ? Token : Accounts.GetValueOrDefault(account)?.Token;

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Token is { Length: > 0 } token && !IsToken(token)) yield return Weak($"{nameof(Token)}");
        foreach (var (name, account) in Accounts)
        {
            if (!IsToken(account.Token)) yield return Weak($"{nameof(Accounts)}:{name}:{nameof(Token)}");
        }
        if (Imap is not { Host.Length: > 0 } imap) yield break;
        if (imap.Port is < 1 or > 65535) yield return new("is no port.", [$"{nameof(Imap)}:{nameof(imap.Port)}"]);
        if (imap.Username.Length == 0) yield return new("is missing.", [$"{nameof(Imap)}:{nameof(imap.Username)}"]);
        if (imap.Password.Length == 0) yield return new("is missing.", [$"{nameof(Imap)}:{nameof(imap.Password)}"]);
        if (imap.PollEvery < TimeSpan.FromSeconds(1) || imap.PollEvery > TimeSpan.FromHours(1)) yield return new("is not between one second and one hour.", [$"{nameof(Imap)}:{nameof(imap.PollEvery)}"]);
    }

    /// <summary>The gateway takes what begins with nl for one of our own keys.</summary>
    private static bool IsToken(string token) => token.Length >= ShortestToken && !token.StartsWith("nl", StringComparison.OrdinalIgnoreCase) && token.All(c => c is > ' ' and <= '~');

    private static ValidationResult Weak(string member) => new($"must have {ShortestToken} characters or more, no spaces, and not begin with nl.", [member]);
}

internal sealed class BounceAccount
{
    public string Token { get; set; } = "";
}

internal sealed class ImapOptions
{
    public string Host { get; set; } = "";

    public int Port { get; set; } = 993;

    public string Username { get; set; } = "";

    public string Password { get; set; } = "";

    public SmtpSecurity Security { get; set; } = SmtpSecurity.Tls;

    public string Folder { get; set; } = "INBOX";

    /// <summary>Where mails go that were read; without it they stay, marked as seen.</summary>
    public string? MoveTo { get; set; }

    public TimeSpan PollEvery { get; set; } = TimeSpan.FromMinutes(1);
}
