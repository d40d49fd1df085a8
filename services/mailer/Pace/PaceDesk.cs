using System.Collections.Concurrent;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;
using NodaTime;

namespace Newsletter.Mailer.Pace;

/// <summary>Lets letters leave at their pace: a batch's slice by slice, mail to one person at once.</summary>
internal sealed class PaceDesk(Allowances allowances, WarmUps warmUps, SendingHolds holds, SharedClock clock, TimeProvider time)
{
    private const int MostBatches = 10_000;
    private readonly ConcurrentDictionary<Guid, ConcurrentDictionary<Guid, DateTimeOffset>> _putOff = new();

    public Allowances Allowances => allowances;
    public WarmUps WarmUps => warmUps;
    public SendingHolds Holds => holds;
    public TimeProvider Time => time;
    public DateTimeOffset Now => clock.Now;

    public PacedLetters Begin(MailerDb db, Turn turn, Batch batch, PublicationMail mail, ProviderAccount account, IReadOnlyList<Addressee> letters, int atOnce) =>
        new(this, db, turn, batch, mail, account, letters, atOnce);

    /// <summary>
    /// Mail to one person never waits for a rate or a plan: it is counted, and editions wait longer. Only where the account as a whole asked us to wait it does.
    /// </summary>
    /// <returns>When to ask again; null: now.</returns>
    public async Task<DateTimeOffset?> OvertakeAsync(MailerDb db, ProviderAccount account, DateTimeZone zone, CancellationToken cancellation)
    {
        await holds.RefreshAsync(db, cancellation);
        if (holds.Until(account.Id) is { } until) return until;
        if (account.Limits.Rate is { } rate) await allowances.OvertakeAsync(db, account.Id, rate, 1, cancellation);
        if (account.Limits.WarmUp is { } plan) await warmUps.TakeAsync(db, account.Id, plan, zone, 1, beyond: true, cancellation);
        return null;
    }

    /// <summary>Single letters of a batch that a server put off, by their readers; in memory, for tried too early they are only put off again.</summary>
    public ConcurrentDictionary<Guid, DateTimeOffset> PutOffOf(Guid batch)
    {
        if (_putOff.Count > MostBatches) _putOff.Clear();
        return _putOff.GetOrAdd(batch, _ => new());
    }

    public ConcurrentDictionary<Guid, DateTimeOffset>? KnownPutOffOf(Guid batch) => _putOff.GetValueOrDefault(batch);

    public void Forget(Guid batch) => _putOff.TryRemove(batch, out _);
}
