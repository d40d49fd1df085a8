using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Senders;

/// <summary>Asks DNS for what a from-domain needs. A publication may send under it through a provider once all of that provider's records are there.</summary>
internal sealed class DomainCheck(DomainDns dns, TimeProvider time)
{
    private const int LongestShown = 500;
    private static readonly TimeSpan Daily = TimeSpan.FromHours(24);
    private static readonly TimeSpan Soon = TimeSpan.FromHours(1);

    public static IReadOnlyList<(string Provider, DomainNeeds Needs)> NeedsOf(ProviderRoute route) =>
        [.. ((ProviderAccount?[])[route.First, route.Fallback]).OfType<ProviderAccount>().DistinctBy(a => a.Name).Select(a => (a.Name, a.Provider.Needs))];

    public async Task CheckAsync(SenderDomain domain, ProviderRoute route, CancellationToken cancellation)
    {
        var needs = NeedsOf(route);
        var records = await Task.WhenAll(DomainRecords.Of(domain, needs).Select(r => LookAsync(domain, r, needs, cancellation)));
        List<string> passing =
            [.. needs.Select(n => n.Provider).Where(p => records.Where(r => r.Provider is null || r.Provider == p).All(r => r.State == DnsState.Found)).Order(StringComparer.Ordinal)];
        var isKnown = Array.TrueForAll(records, r => r.State != DnsState.Unknown);
        domain.Checked(records, passing, isKnown, time.GetUtcNow() + (isKnown ? Daily : Soon), time);
    }

    private async Task<DnsRecord> LookAsync(SenderDomain domain, DnsRecord record, IReadOnlyList<(string Provider, DomainNeeds Needs)> needs, CancellationToken cancellation)
    {
        if (record.Name.StartsWith('<')) return record with { State = DnsState.Missing };
        if (record.Purpose == DomainRecords.Dmarc) return await PolicyAsync(record, domain.Domain, cancellation);
        var found = record.Type == "MX" ? await dns.MailHostsAsync(record.Name, cancellation) : await dns.TextsAsync(record.Name, cancellation);
        if (found is null) return record;
        var (state, told) = record.Purpose switch
        {
            DomainRecords.Owner => Judge(found, text => text.StartsWith("newsletter-publication=", StringComparison.Ordinal), text => text == record.Value),
            DomainRecords.Spf => JudgeSpf(found, domain, record, needs.First(n => n.Provider == record.Provider).Needs),
            DomainRecords.Dkim => Judge(found, text => Tag(text, 'p') is not null, text => Tag(text, 'p') is { Length: > 0 } key && (record.Value is null || key == Tag(record.Value, 'p'))),
            _ => Judge(found, _ => true, _ => true),
        };
        return record with { State = state, Found = Short(told) };
    }

    /// <summary>Of the domain itself, or of one above it.</summary>
    private async Task<DnsRecord> PolicyAsync(DnsRecord record, string domain, CancellationToken cancellation)
    {
        for (var at = domain; at.Contains('.', StringComparison.Ordinal); at = at[(at.IndexOf('.', StringComparison.Ordinal) + 1)..])
        {
            if (await dns.TextsAsync($"_dmarc.{at}", cancellation) is not { } found) return record;
            var policies = found.Where(text => text.StartsWith("v=DMARC1", StringComparison.OrdinalIgnoreCase)).ToList();
            // Of two, receivers heed neither.
            if (policies.Count > 0) return record with { State = policies.Count == 1 && Tag(policies[0], 'p') is { Length: > 0 } ? DnsState.Found : DnsState.Wrong, Found = Short(policies) };
        }
        return record with { State = DnsState.Missing };
    }

    private static (DnsState State, List<string> Found) Judge(IReadOnlyList<string> found, Func<string, bool> isMeant, Func<string, bool> isRight)
    {
        var meant = found.Where(isMeant).ToList();
        return (meant.Count == 0 ? DnsState.Missing : meant.Exists(text => isRight(text)) ? DnsState.Found : DnsState.Wrong, meant);
    }

    private static (DnsState State, List<string> Found) JudgeSpf(IReadOnlyList<string> found, SenderDomain domain, DnsRecord record, DomainNeeds needs)
    {
        var policies = found.Where(text => text.Equals("v=spf1", StringComparison.OrdinalIgnoreCase) || text.StartsWith("v=spf1 ", StringComparison.OrdinalIgnoreCase)).ToList();
        if (policies.Count != 1) return (policies.Count == 0 ? DnsState.Missing : DnsState.Wrong, policies);
        // The provider's own host says what the provider wrote there.
        var isTheirs = needs.SignsItself && record.Name == domain.ReturnPath;
        var names = policies[0].Split(' ', StringSplitOptions.RemoveEmptyEntries).Any(m => string.Equals(m.TrimStart('+'), needs.Spf, StringComparison.OrdinalIgnoreCase));
        return (isTheirs || names ? DnsState.Found : DnsState.Wrong, policies);
    }

    /// <summary>Of <c>v=DKIM1; k=rsa; p=…</c>; white space means nothing in it. Null where there is none.</summary>
    private static string? Tag(string text, char name)
    {
        foreach (var part in text.Split(';'))
        {
            var tag = string.Concat(part.Where(c => !char.IsWhiteSpace(c)));
            if (tag.Length > 1 && tag[0] == name && tag[1] == '=') return tag[2..];
        }
        return null;
    }

    /// <summary>Anybody may write anything there, and as much of it.</summary>
    private static List<string> Short(List<string> found) => [.. found.Take(5).Select(text => Subject.Of(text, LongestShown))];
}
