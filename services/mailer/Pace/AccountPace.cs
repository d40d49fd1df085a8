using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using NodaTime;

namespace Newsletter.Mailer.Pace;

/// <summary>How an account's letters are getting on, the same whichever process is asked.</summary>
/// <param name="Rate">Letters a second; null: as fast as it takes them.</param>
/// <param name="HeldUntil">The account asked us to wait.</param>
/// <param name="Domains">Whose servers did, for their own letters; at most <see cref="MostDomains"/>, the longest first.</param>
internal sealed record AccountPace(double? Rate, WarmUpView? WarmUp, DateTimeOffset? HeldUntil, string? HeldReason, IReadOnlyList<HeldDomain> Domains)
{
    private const int MostDomains = 50;

    public static async Task<AccountPace> OfAsync(MailerDb db, WarmUps warmUps, ProviderAccount account, DateTimeZone zone, DateTimeOffset now, CancellationToken cancellation)
    {
        var holds = await db.SendingHolds.AsNoTracking().Where(h => h.AccountId == account.Id && h.Until > now).OrderByDescending(h => h.Until).ToListAsync(cancellation);
        var all = holds.Find(h => h.Domain == SendingHold.All);
        return new(
            account.Limits.Rate, account.Limits.WarmUp is { } plan ? await warmUps.ViewAsync(db, account.Id, plan, zone, cancellation) : null, all?.Until, all?.Reason,
            [.. holds.Where(h => h.Domain != SendingHold.All).Take(MostDomains).Select(h => new HeldDomain(h.Domain, h.Until, h.Reason))]);
    }
}

internal sealed record HeldDomain(string Domain, DateTimeOffset Until, string Reason);
