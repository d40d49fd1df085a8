using System.Security.Cryptography;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Senders;

/// <summary>The records that a from-domain needs, for each provider that its letters may leave through.</summary>
internal static class DomainRecords
{
    public const string Owner = "owner";
    public const string Spf = "spf";
    public const string Dkim = "dkim";
    public const string Dmarc = "dmarc";
    public const string ReturnPath = "returnPath";

    /// <summary>As content writes it for a publication's own host: good for one publication alone, and no secret.</summary>
    public static string ProofOf(Guid publication) => $"newsletter-publication={publication}";

    /// <summary>What has to be there; nothing of it was looked up yet.</summary>
    public static IReadOnlyList<DnsRecord> Of(SenderDomain domain, IReadOnlyList<(string Provider, DomainNeeds Needs)> providers)
    {
        List<DnsRecord> records = [New(Owner, null, "TXT", $"_newsletter.{domain.Domain}", ProofOf(domain.PublicationId))];
        foreach (var (provider, needs) in providers)
        {
            // A provider that signs itself takes the bounces at a host of its own too.
            var bounces = needs.SignsItself && domain.ReturnPath is { } given ? given : domain.Domain;
            records.Add(New(Spf, provider, "TXT", bounces, $"v=spf1 {MechanismsAt(bounces, domain, providers)} ~all"));
            records.Add(DkimOf(domain, provider, needs));
            if (!needs.SignsItself || domain.ReturnPath is not null) records.Add(New(ReturnPath, provider, "MX", bounces, null));
        }
        records.Add(New(Dmarc, null, "TXT", $"_dmarc.{domain.Domain}", "v=DMARC1; p=none"));
        return records;
    }

    /// <summary>A name has one SPF record, for all that send under it.</summary>
    private static string MechanismsAt(string host, SenderDomain domain, IReadOnlyList<(string Provider, DomainNeeds Needs)> providers) =>
        string.Join(' ', providers.Where(p => (p.Needs.SignsItself && domain.ReturnPath is { } given ? given : domain.Domain) == host).Select(p => p.Needs.Spf).Distinct());

    private static DnsRecord DkimOf(SenderDomain domain, string provider, DomainNeeds needs)
    {
        if (needs.SignsItself)
        {
            var selector = domain.Selectors.GetValueOrDefault(provider);
            return New(Dkim, provider, "TXT", $"{selector ?? "<selector>"}._domainkey.{domain.Domain}", null);
        }
        var configured = needs.Configured is { } own && MailDomain.Ascii(own.Domain) == domain.Domain ? own : null;
        var key = configured is null ? domain.DkimPublicKey : PublicKeyOf(configured.PrivateKey);
        return New(Dkim, provider, "TXT", $"{configured?.Selector ?? domain.DkimSelector}._domainkey.{domain.Domain}", $"v=DKIM1; k=rsa; p={key}");
    }

    public static (string PublicKey, string PrivateKey) MakeKey()
    {
        using var key = RSA.Create(2048);
        return (Convert.ToBase64String(key.ExportSubjectPublicKeyInfo()), key.ExportPkcs8PrivateKeyPem());
    }

    private static string PublicKeyOf(string pem)
    {
        using var key = RSA.Create();
        key.ImportFromPem(pem);
        return Convert.ToBase64String(key.ExportSubjectPublicKeyInfo());
    }

    private static DnsRecord New(string purpose, string? provider, string type, string name, string? value) => new(purpose, provider, type, name, value, DnsState.Unknown, []);
}
