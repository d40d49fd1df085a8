using System.Globalization;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;

namespace Newsletter.Mailer.Storage;

public enum DnsState { Unknown, Found, Missing, Wrong }

/// <summary>One record that a from-domain needs, and what DNS said when it was last asked.</summary>
/// <param name="Purpose"><c>owner</c>, <c>spf</c>, <c>dkim</c>, <c>dmarc</c> or <c>returnPath</c>.</param>
/// <param name="Provider">For whose letters it is needed; null for all.</param>
/// <param name="Value">What to set; null where only the provider's own pages tell it.</param>
/// <param name="Found">What there was instead, or what counts.</param>
public sealed record DnsRecord(string Purpose, string? Provider, string Type, string Name, string? Value, DnsState State, IReadOnlyList<string> Found);

/// <summary>A domain that a publication wants to send from. Letters leave under it once DNS shows that it is the publication's and that our letters will pass.</summary>
[Audited]
public sealed class SenderDomain
{
    /// <summary>How long a domain that was verified may fail its checks: whoever runs its DNS may be mending it.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(3);

    private SenderDomain() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    /// <summary>In its ASCII form, lower case.</summary>
    public string Domain { get; private set; } = "";
    /// <summary>By provider: under which name its DKIM key is found, which only its own pages tell.</summary>
    public IReadOnlyDictionary<string, string> Selectors { get; private set; } = new Dictionary<string, string>();
    /// <summary>Where bounces go, if it is not the domain itself: a host below it.</summary>
    public string? ReturnPath { get; private set; }
    /// <summary>Of the key that we sign with where the provider does not.</summary>
    public string DkimSelector { get; private set; } = "";
    [NotAudited]
    public string DkimPublicKey { get; private set; } = "";
    /// <summary>Encrypted.</summary>
    [Withheld]
    public string DkimPrivateKey { get; private set; } = "";
    [NotAudited]
    public IReadOnlyList<DnsRecord> Records { get; private set; } = [];
    /// <summary>The providers whose letters may carry it.</summary>
    public IReadOnlyList<string> VerifiedFor { get; private set; } = [];
    [NotAudited]
    public DateTimeOffset? CheckedAt { get; private set; }
    /// <summary>Since when checks fail for a provider that it was verified for.</summary>
    [NotAudited]
    public DateTimeOffset? FailingSince { get; private set; }
    [NotAudited]
    public DateTimeOffset NextCheckAt { get; private set; }
    public long Version { get; private set; }

    public static SenderDomain Of(Guid publication, string domain, string publicKey, string encryptedPrivateKey, TimeProvider time)
    {
        var id = Guid.CreateVersion7(time.GetUtcNow());
        return new()
        {
            Id = id,
            PublicationId = publication,
            Domain = domain,
            // Two publications that try the same domain must not meet in one name.
            DkimSelector = string.Create(CultureInfo.InvariantCulture, $"nl{id.ToString("N")[^10..]}"),
            DkimPublicKey = publicKey,
            DkimPrivateKey = encryptedPrivateKey,
            NextCheckAt = time.GetUtcNow(),
            Version = HybridClock.Next(0, time),
        };
    }

    public void Set(IReadOnlyDictionary<string, string> selectors, string? returnPath, TimeProvider time)
    {
        (Selectors, ReturnPath) = (selectors, returnPath);
        Version = HybridClock.Next(Version, time);
    }

    /// <param name="passing">The providers for which all records are there.</param>
    /// <param name="isKnown">False: a name server did not answer, which proves nothing.</param>
    public void Checked(IReadOnlyList<DnsRecord> records, IReadOnlyList<string> passing, bool isKnown, DateTimeOffset nextCheck, TimeProvider time)
    {
        var now = time.GetUtcNow();
        (Records, CheckedAt, NextCheckAt) = (records, now, nextCheck);
        var isLost = VerifiedFor.Except(passing).Any();
        FailingSince = !isLost ? null : isKnown ? FailingSince ?? now : FailingSince;
        if (isLost && (FailingSince is null || now - FailingSince < Grace)) VerifiedFor = [.. VerifiedFor.Union(passing).Order(StringComparer.Ordinal)];
        else (VerifiedFor, FailingSince) = (passing, null);
        Version = HybridClock.Next(Version, time);
    }
}
