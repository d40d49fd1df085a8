using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Pace;

/// <summary>
/// How many letters of an account go to one recipient domain side by side and each second. Where nothing is set and nobody has complained it keeps no state
/// and costs nothing. After a hold a domain begins with one letter at a time and one a second; each letter that it takes lets in a little more.
/// </summary>
internal sealed class DomainGate(Guid account, DomainLimits limits, SendingHolds holds, Allowances allowances, SharedClock clock)
{
    private static readonly TimeSpan Busy = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan TokensKeep = TimeSpan.FromSeconds(2);
    private const double FirstRate = 1;
    private const double RateGrowth = 1.1;
    // From here on it has recovered.
    private const double WellRate = 50;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Traffic> _traffic = [];

    /// <summary>Begins a letter, or tells when to ask again.</summary>
    public async ValueTask<DomainPass> BeginAsync(MailerDb db, string domain, CancellationToken cancellation)
    {
        var (hold, limit) = (holds.Of(account, domain), limits.Of(domain));
        if (hold is null && limit.IsNone) return default;
        var now = clock.Now;
        if (hold?.Until > now) return new(hold.Value.Until, null);
        Traffic traffic;
        lock (_lock)
        {
            if (!_traffic.TryGetValue(domain, out var known)) _traffic[domain] = known = new(domain);
            traffic = known;
            if (hold is { } ended && traffic.Hold != ended.Until) (traffic.Hold, traffic.Width, traffic.Rate) = (ended.Until, 1, FirstRate);
            if (traffic.Busy >= Math.Min(traffic.Width ?? int.MaxValue, limit.Connections ?? int.MaxValue)) return new(now + Busy, null);
            if (traffic.NextAt > now) return new(traffic.NextAt, null);
            if (traffic.Rate is { } slow) traffic.NextAt = now + TimeSpan.FromSeconds(1 / slow);
            traffic.Busy++;
            if (limit.Rate is null) return new(null, traffic);
            if (traffic.Tokens > 0 && traffic.TokensUntil > now)
            {
                traffic.Tokens--;
                return new(null, traffic);
            }
        }
        var block = Allowances.BlockOf(limit.Rate.Value);
        DateTimeOffset? wait;
        try
        {
            wait = await allowances.TakeAsync(db, IdOf(domain), limit.Rate.Value, block, cancellation);
        }
        catch
        {
            // Nobody was let in, so nobody will end.
            lock (_lock) traffic.Busy--;
            throw;
        }
        lock (_lock)
        {
            if (wait is { } until)
            {
                traffic.Busy--;
                traffic.NextAt = until;
                return new(until, null);
            }
            (traffic.Tokens, traffic.TokensUntil) = (block - 1, now + TokensKeep);
            return new(null, traffic);
        }
    }

    public void End(DomainPass pass, bool isTaken)
    {
        if (pass.Traffic is not { } traffic) return;
        lock (_lock)
        {
            traffic.Busy--;
            if (isTaken && traffic.Width is { } width)
            {
                (traffic.Width, traffic.Rate) = (width + 1 / width, traffic.Rate * RateGrowth);
                if (traffic.Rate > WellRate) (traffic.Width, traffic.Rate) = (null, null);
            }
            if (traffic is { Busy: 0, Tokens: 0, Width: null } && holds.Of(account, traffic.Domain) is null) _traffic.Remove(traffic.Domain);
        }
    }

    /// <summary>The same in every process.</summary>
    private Guid IdOf(string domain) => new(SHA256.HashData([.. account.ToByteArray(), .. Encoding.UTF8.GetBytes(domain)]).AsSpan(0, 16));

    internal sealed class Traffic(string domain)
    {
        public string Domain => domain;
        public int Busy { get; set; }
        /// <summary>After a hold: letters side by side, and a second. Null: as many as may.</summary>
        public double? Width { get; set; }
        public double? Rate { get; set; }
        /// <summary>The hold that it recovers from.</summary>
        public DateTimeOffset Hold { get; set; }
        public DateTimeOffset NextAt { get; set; }
        /// <summary>Letters that the database has allowed, and until when they may leave.</summary>
        public int Tokens { get; set; }
        public DateTimeOffset TokensUntil { get; set; }
    }
}

/// <param name="Until">When to ask again; null: the letter may be begun, and ends with <see cref="DomainGate.End"/>.</param>
internal readonly record struct DomainPass(DateTimeOffset? Until, DomainGate.Traffic? Traffic);
