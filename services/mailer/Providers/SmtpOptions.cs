using System.ComponentModel.DataAnnotations;
using System.Security.Cryptography;
using Newsletter.Mailer.Pace;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Providers;

internal enum SmtpSecurity
{
    /// <summary>STARTTLS; without it no mail leaves.</summary>
    StartTls,
    /// <summary>TLS from the first byte, as on port 465.</summary>
    Tls,
    /// <summary>Plain text: for a relay on the same machine.</summary>
    None,
}

/// <summary>A mail server, section <c>Smtp</c>.</summary>
internal sealed class SmtpOptions : IValidatableObject
{
    public string? Host { get; set; }

    [Range(1, 65535)]
    public int Port { get; set; } = 587;

    public string? Username { get; set; }

    public string? Password { get; set; }

    public SmtpSecurity Security { get; set; } = SmtpSecurity.StartTls;

    /// <summary>Connections side by side, each with one letter in flight.</summary>
    [Range(1, 64)]
    public int Connections { get; set; } = 8;

    /// <summary>Letters a second, by all processes together; without it, as fast as it takes them.</summary>
    [Range(AccountLimits.LeastRate, AccountLimits.MostRate)]
    public double? Rate { get; set; }

    public WarmUpPlan? WarmUp { get; set; }

    /// <summary>What letters to one recipient domain are bounded by, unless <see cref="Domains"/> names it.</summary>
    public DomainLimitOptions Domain { get; set; } = new();

    /// <summary>By domain, or by the word for a mailbox provider's domains: <c>gmail</c>, <c>microsoft</c>, <c>yahoo</c>, …</summary>
    public Dictionary<string, DomainLimitOptions> Domains { get; set; } = [];

    /// <summary>RFC 5321 asks for ten minutes for the answer to the final dot: giving up sooner makes duplicates.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:30:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>What names its servers in a sender's SPF record, such as <c>include:spf.example</c>; without it, <c>a:{host}</c>.</summary>
    public string? Spf { get; set; }

    /// <summary>Set for publications' own servers: addresses of our own network are not for them to reach.</summary>
    internal bool PublicOnly { get; init; }

    public DomainLimits DomainLimits => new(Domain, Domains);

    public string SpfMechanism => string.IsNullOrEmpty(Spf) ? $"a:{Host}" : Spf;

    /// <summary>Envelope sender: where bounces go. Without it, the From address. Of the installation's server only: another one need not take it.</summary>
    [EmailAddress]
    public string? ReturnPath { get; set; }

    /// <summary>Signs letters where the mail server does not.</summary>
    public DkimOptions? Dkim { get; set; }

    /// <summary>A publication's own server. Times and numbers stay the installation's.</summary>
    public SmtpOptions With(AccountFacts facts, AccountSecrets secrets, bool isPublicOnly) => new()
    {
        Host = facts.Host,
        Port = facts.Port ?? 587,
        Username = facts.Username,
        Password = secrets.Password,
        Security = Enum.TryParse<SmtpSecurity>(facts.Security, ignoreCase: true, out var security) ? security : SmtpSecurity.StartTls,
        Spf = facts.Spf,
        Connections = Connections,
        Timeout = Timeout,
        Domain = Domain,
        Domains = Domains,
        PublicOnly = isPublicOnly,
        Dkim = secrets.DkimPrivateKey is { } key ? new() { Domain = facts.DkimDomain ?? "", Selector = facts.DkimSelector ?? "", PrivateKey = key } : null,
    };

    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (Username is { Length: > 0 } && string.IsNullOrEmpty(Password)) yield return new("Smtp__Password is missing.");
        if (Username is { Length: > 0 } && Security == SmtpSecurity.None) yield return new("Smtp__Security must not be None where there is a password.");
        foreach (var fault in WarmUp?.Faults(nameof(WarmUp)) ?? []) yield return fault;
        foreach (var (name, limit) in Domains.Append(new("", Domain)))
        {
            List<ValidationResult> faults = [];
            if (!Validator.TryValidateObject(limit, new(limit), faults, validateAllProperties: true)) yield return new($"Smtp__Domain{(name.Length > 0 ? $"s__{name}" : "")}: {faults[0].ErrorMessage}");
        }
        if (Dkim is null) yield break;
        if (string.IsNullOrEmpty(Dkim.Domain)) yield return new("Smtp__Dkim__Domain is missing.");
        if (string.IsNullOrEmpty(Dkim.Selector)) yield return new("Smtp__Dkim__Selector is missing.");
        if (!Dkim.IsKey()) yield return new("Smtp__Dkim__PrivateKey is not an RSA key in PEM of at least 1024 bits.");
    }
}

internal sealed class DkimOptions
{
    public string Domain { get; set; } = "";

    public string Selector { get; set; } = "";

    /// <summary>PEM.</summary>
    public string PrivateKey { get; set; } = "";

    public bool IsKey()
    {
        try
        {
            using var key = RSA.Create();
            key.ImportFromPem(PrivateKey);
            return key.KeySize >= 1024;
        }
        catch (Exception e) when (e is ArgumentException or CryptographicException)
        {
            return false;
        }
    }
}
