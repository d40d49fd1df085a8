using System.Collections.Concurrent;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Figures;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using NodaTime;

namespace Newsletter.Mailer.Senders;

/// <summary>
/// Publications' accounts and senders from memory: what is older than three seconds is read again when it is needed, so that every process sees a change
/// within these, and a batch costs no query of its own. Connections live as long as their account is not changed.
/// </summary>
internal sealed class PublicationMails(IServiceScopeFactory scopes, InstallationAccounts installation, ProviderFactory factory, AccountVault vault, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);
    private readonly ConcurrentDictionary<Guid, (PublicationMail Mail, long ReadAt)> _known = new();
    private readonly ConcurrentDictionary<Guid, (Guid Publication, long Version, ProviderAccount Account)> _accounts = new();
    private readonly ConcurrentDictionary<Guid, DkimSigning> _keys = new();
    private readonly Lock _opening = new();
    private long _changes;

    public ProviderRoute Installation => installation.Route;

    public async ValueTask<PublicationMail> OfAsync(Guid publication, CancellationToken cancellation)
    {
        // By the timer, which no jump of the clock moves.
        if (_known.TryGetValue(publication, out var known) && time.GetElapsedTime(known.ReadAt) < Fresh) return known.Mail;
        var (changes, readAt) = (Interlocked.Read(ref _changes), time.GetTimestamp());
        var mail = await ReadAsync(publication, cancellation);
        _known[publication] = (mail, readAt);
        // It may have been read before the change, and kept after it.
        if (Interlocked.Read(ref _changes) != changes) _known.TryRemove(publication, out _);
        return mail;
    }

    /// <summary>It was changed here, and is read again at the next use.</summary>
    public void Forget(Guid publication)
    {
        Interlocked.Increment(ref _changes);
        _known.TryRemove(publication, out _);
    }

    /// <summary>Accounts that are open in this process, publications' and the installation's.</summary>
    public IReadOnlyList<ProviderAccount> Open =>
        [installation.Route.First, .. installation.Route.Fallback is { } fallback ? (ProviderAccount[])[fallback] : [], .. _accounts.Values.Select(a => a.Account)];

    public bool IsInstallations(ProviderAccount account) => account == installation.Route.First || account == installation.Route.Fallback;

    public void Dispose()
    {
        foreach (var (_, _, account) in _accounts.Values) account.Dispose();
        foreach (var key in _keys.Values) key.Dispose();
    }

    private async Task<PublicationMail> ReadAsync(Guid publication, CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        var accounts = await db.MailAccounts.AsNoTracking().Where(a => a.PublicationId == publication && a.RetiredAt == null).ToListAsync(cancellation);
        var senders = await db.Senders.AsNoTracking().Where(s => s.PublicationId == publication).ToListAsync(cancellation);
        var domains = senders.Count == 0 ? []
            : await db.SenderDomains.AsNoTracking().Where(d => d.PublicationId == publication).ToDictionaryAsync(d => d.Domain, cancellation);
        Close(publication, accounts);
        var first = accounts.Find(a => a.Role == MailAccountRole.First) is { } own ? AccountOf(own) : null;
        var fallback = accounts.Find(a => a.Role == MailAccountRole.Fallback) is { } second ? AccountOf(second) : null;
        // Who has an account of their own has chosen whom their letters are entrusted to: the installation's is no fallback for it unasked.
        var route = new ProviderRoute(first ?? Installation.First, fallback ?? (first is null ? Installation.Fallback : null));
        var rate = await db.PublicationRates.AsNoTracking().Where(r => r.PublicationId == publication).Select(r => (double?)r.Rate).SingleOrDefaultAsync(cancellation);
        // Only who counts days needs to know when they begin.
        var zone = accounts.Exists(a => a.Facts.WarmUp is not null) ? (await db.FindPublicationAsync(publication, cancellation))?.TimeZone : null;
        return new(route, [.. senders.Where(s => domains.ContainsKey(s.Domain)).Select(s => KnownOf(s, domains[s.Domain]))], rate, zone is null ? DateTimeZone.Utc : LocalDays.ZoneOf(zone));
    }

    private ProviderAccount AccountOf(MailAccount row)
    {
        lock (_opening)
        {
            if (_accounts.TryGetValue(row.Id, out var known))
            {
                if (known.Version >= row.Version) return known.Account;
                known.Account.Dispose();
            }
            var account = factory.Open(row);
            _accounts[row.Id] = (row.PublicationId, row.Version, account);
            return account;
        }
    }

    /// <summary>Those that were taken away.</summary>
    private void Close(Guid publication, List<MailAccount> rest)
    {
        lock (_opening)
        {
            foreach (var (id, known) in _accounts)
            {
                if (known.Publication == publication && !rest.Exists(a => a.Id == id) && _accounts.TryRemove(id, out var gone)) gone.Account.Dispose();
            }
        }
    }

    private KnownSender KnownOf(Sender sender, SenderDomain domain) =>
        new(sender.NewsletterId, new(sender.Address, sender.Name), sender.ReplyTo, domain.VerifiedFor, domain.VerifiedFor.Contains("smtp") ? KeyOf(domain) : null);

    /// <summary>A domain's key never changes; reading it costs a millisecond, and signing with it half of one.</summary>
    private DkimSigning? KeyOf(SenderDomain domain)
    {
        if (_keys.TryGetValue(domain.Id, out var known)) return known;
        if (vault.OpenKey(domain.DkimPrivateKey) is not { } pem) return null;
        var made = new DkimSigning(new() { Domain = domain.Domain, Selector = domain.DkimSelector, PrivateKey = pem });
        var kept = _keys.GetOrAdd(domain.Id, made);
        if (kept != made) made.Dispose();
        return kept;
    }
}
