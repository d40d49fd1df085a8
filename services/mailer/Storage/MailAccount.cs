using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Pace;

namespace Newsletter.Mailer.Storage;

/// <summary>First: what letters leave through. Fallback: what takes its place while the first is away.</summary>
public enum MailAccountRole : short { First = 0, Fallback = 1 }

/// <summary>
/// A publication's own account at a mail provider. It keeps its id, and so the address that its events come to, as long as it is at the same provider. One
/// that another took the place of is retired: nothing leaves through it any more, and what comes back for its letters is still taken.
/// </summary>
[Audited]
public sealed class MailAccount
{
    private MailAccount() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public MailAccountRole Role { get; private set; }
    /// <summary>The provider's word: <c>sendgrid</c>, <c>smtp</c>, <c>ses</c>.</summary>
    public string Provider { get; private set; } = "";
    public AccountFacts Facts { get; private set; } = new();
    /// <summary>The credentials, encrypted as one.</summary>
    [Withheld]
    public string Secrets { get; private set; } = "";
    /// <summary>The last characters of the key or password, by which staff know it again.</summary>
    [NotAudited]
    public string Hint { get; private set; } = "";
    public DateTimeOffset? RetiredAt { get; private set; }
    public long Version { get; private set; }

    public static MailAccount Of(Guid publication, MailAccountRole role, string provider, TimeProvider time) =>
        new() { Id = Guid.CreateVersion7(time.GetUtcNow()), PublicationId = publication, Role = role, Provider = provider };

    /// <param name="secrets">Encrypted.</param>
    public void Open(AccountFacts facts, string secrets, string hint, TimeProvider time)
    {
        (Facts, Secrets, Hint) = (facts, secrets, hint);
        Version = HybridClock.Next(Version, time);
    }

    /// <summary>The credentials go; only what verifies its events stays.</summary>
    public void Retire(TimeProvider time)
    {
        (Secrets, Hint, RetiredAt) = ("", "", time.GetUtcNow());
        Version = HybridClock.Next(Version, time);
    }
}

/// <summary>What is no secret about an account. Each provider has its own few of these.</summary>
public sealed record AccountFacts
{
    /// <summary>SendGrid: the public key that its events are signed with.</summary>
    public string? WebhookKey { get; init; }
    public string? Host { get; init; }
    public int? Port { get; init; }
    public string? Username { get; init; }
    /// <summary>SMTP: <c>startTls</c>, <c>tls</c> or <c>none</c>.</summary>
    public string? Security { get; init; }
    /// <summary>SMTP: what names its servers in an SPF record, such as <c>include:spf.example</c>; without it, <c>a:{host}</c>.</summary>
    public string? Spf { get; init; }
    public string? DkimDomain { get; init; }
    public string? DkimSelector { get; init; }
    public string? AccessKey { get; init; }
    public string? Region { get; init; }
    /// <summary>SES: the configuration set whose events come back.</summary>
    public string? ConfigurationSet { get; init; }
    /// <summary>SES: the SNS topic whose messages are taken; no other's are.</summary>
    public string? Topic { get; init; }
    /// <summary>Letters a second; null: as fast as it takes them.</summary>
    public double? Rate { get; init; }
    public WarmUpPlan? WarmUp { get; init; }
}
