using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Deliveries;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Pace;

/// <summary>
/// A batch's letters, handed out for one call after the other as fast as its publication, its account and its readers' domains let them leave. What may not
/// leave now stays queued, and the others go on. Without rates, plans and holds it is a list that is cut into slices.
/// </summary>
internal sealed class PacedLetters(PaceDesk desk, MailerDb db, Turn turn, Batch batch, PublicationMail mail, ProviderAccount account, IReadOnlyList<Addressee> letters, int atOnce) : IDisposable
{
    /// <summary>For less than this a batch is not laid aside.</summary>
    private static readonly TimeSpan ShortWait = TimeSpan.FromSeconds(2);
    // Many batches may be left with nothing but letters to one domain; each look at one costs some reads.
    private static readonly TimeSpan AsideAtLeast = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan LetterAtLeast = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan FallbackLook = TimeSpan.FromMinutes(10);
    // Then its readers are looked up again: meanwhile one may have left, or a post may have been taken back.
    private static readonly TimeSpan MostTurn = TimeSpan.FromSeconds(30);
    // What is asked for at once where only days are counted.
    private const int WarmUpBlock = 100;

    private readonly long _begunAt = desk.Time.GetTimestamp();
    private readonly List<Addressee> _rest = [.. letters];
    private readonly DomainGate? _domains = account.Domains;
    private DomainPass _pass;
    private Addressee[] _slice = [];
    private int _allowed;
    private int _unused;

    /// <summary>Why it stopped before its end, and when it goes on; null where it came to its end.</summary>
    public PutOff? PutOff { get; private set; }

    private static TimeSpan Aside => AsideAtLeast * (1 + Random.Shared.NextDouble());

    private bool HasAllowances => mail.Rate is not null || account.Limits.Rate is not null || account.Limits.WarmUp is not null;

    /// <param name="record">Writes down what is known so far: done before any wait.</param>
    /// <returns>Whose letters the next call carries; null: no more for now.</returns>
    public async Task<Addressee[]?> NextAsync(Func<Task> record, CancellationToken cancellation)
    {
        try
        {
            return await ChooseNextAsync(record, cancellation);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // The process ends while it waits.
            PutOff = new(desk.Now, PutOff.Stopped);
            return null;
        }
    }

    private async Task<Addressee[]?> ChooseNextAsync(Func<Task> record, CancellationToken cancellation)
    {
        while (_rest.Count > 0)
        {
            cancellation.ThrowIfCancellationRequested();
            await desk.Holds.RefreshAsync(db, cancellation);
            if (MustStop() is { } stop) return await StopAsync(stop, cancellation);
            var (at, wait) = await ChooseAsync(cancellation);
            if (wait is null && _allowed == 0 && HasAllowances) wait = await AllowAsync(record, cancellation);
            if (wait is null) return Take(at);
            EndPass(isTaken: false);
            if (!await WaitAsync(wait, record, cancellation)) return await StopAsync(wait.Reason == PutOff.Domain ? wait.AtLeast(desk.Now + Aside) : wait, cancellation);
        }
        return null;
    }

    /// <summary>What became of the letters that it handed out last.</summary>
    public void Told(IReadOnlyList<SendOutcome> outcomes)
    {
        EndPass(outcomes is [SendOutcome.Accepted]);
        var now = desk.Now;
        var deferred = outcomes.OfType<SendOutcome.Deferred>().ToList();
        if (_domains is not null)
        {
            foreach (var letter in deferred.Where(d => d.Holds == HoldScope.Letter)) desk.PutOffOf(batch.Id)[Guid.ParseExact(letter.Key, "N")] = now + Backoff.After(batch.Attempts, letter.RetryAfter ?? LetterAtLeast);
        }
        _unused += _slice.Length - outcomes.Count + deferred.Count;
        _slice = [];
    }

    /// <summary>What was allowed and is not needed is others'.</summary>
    public async Task EndAsync(CancellationToken cancellation)
    {
        if (PutOff is null) desk.Forget(batch.Id);
        var count = _allowed + _unused;
        if (count > 0 && account.Limits.WarmUp is not null) await desk.WarmUps.GiveBackAsync(db, account.Id, mail.ZoneOf(account), count, cancellation);
    }

    public void Dispose() => EndPass(isTaken: false);

    private void EndPass(bool isTaken)
    {
        _domains?.End(_pass, isTaken);
        _pass = default;
    }

    private Addressee[] Take(int at)
    {
        var count = _domains is not null ? 1 : Math.Min(atOnce, HasAllowances ? Math.Min(_allowed, _rest.Count) : _rest.Count);
        _slice = [.. _rest.Skip(at).Take(count)];
        _rest.RemoveRange(at, count);
        if (HasAllowances) _allowed -= count;
        return _slice;
    }

    /// <summary>The first letter whose domain takes it now; of a provider that minds domains itself, simply the next.</summary>
    private async Task<(int At, PutOff? Wait)> ChooseAsync(CancellationToken cancellation)
    {
        if (_domains is null) return (0, null);
        var now = desk.Now;
        var putOff = desk.KnownPutOffOf(batch.Id);
        HashSet<string>? closed = null;
        PutOff? first = null;
        for (var at = 0; at < _rest.Count; at++)
        {
            if (putOff is not null && putOff.TryGetValue(_rest[at].SubscriberId, out var later) && later > now)
            {
                if (first is null || later < first.Until) first = new(later, PutOff.Letter);
                continue;
            }
            var domain = MailboxProviders.GroupOf(_rest[at].Email);
            if (closed?.Contains(domain) == true) continue;
            var pass = await _domains.BeginAsync(db, domain, cancellation);
            if (pass.Until is not { } until)
            {
                _pass = pass;
                return (at, null);
            }
            (closed ??= []).Add(domain);
            if (first is null || until < first.Until) first = new(until, PutOff.Domain);
        }
        return (0, first);
    }

    /// <summary>Asks for a second's worth of letters, or for what is left.</summary>
    private async Task<PutOff?> AllowAsync(Func<Task> record, CancellationToken cancellation)
    {
        var block = account.Limits.WarmUp is null ? _rest.Count : Math.Min(_rest.Count, Math.Max(WarmUpBlock, account.Provider.MaxBatch));
        foreach (var rate in (double?[])[mail.Rate, account.Limits.Rate]) if (rate is { } known) block = Math.Min(block, Allowances.BlockOf(known));
        if (mail.Rate is { } own && await desk.Allowances.TakeAsync(db, batch.PublicationId, own, block, cancellation) is { } at) return new(at, PutOff.PublicationRate);
        while (account.Limits.Rate is { } rate && await desk.Allowances.TakeAsync(db, account.Id, rate, block, cancellation) is { } until)
        {
            var wait = new PutOff(until, PutOff.AccountRate);
            if (turn.ShouldYield() || !await WaitAsync(wait, record, cancellation)) return wait;
            await EditionHolds.MarkAsync(db, batch.EditionId, wait, desk.Now, cancellation);
        }
        if (account.Limits.WarmUp is { } plan)
        {
            var zone = mail.ZoneOf(account);
            // Those that were not taken leave room today, for the batch's others first.
            if (_unused > 0) await desk.WarmUps.GiveBackAsync(db, account.Id, zone, _unused, cancellation);
            _unused = 0;
            block = await desk.WarmUps.TakeAsync(db, account.Id, plan, zone, block, beyond: false, cancellation);
            // The first account may be back before a fallback's next day.
            if (block == 0) return new(account == mail.Route.First ? desk.WarmUps.Tomorrow(zone) : desk.Now + FallbackLook, PutOff.WarmUp);
        }
        _allowed = block;
        return null;
    }

    /// <returns>False: the batch is laid aside instead.</returns>
    private async Task<bool> WaitAsync(PutOff wait, Func<Task> record, CancellationToken cancellation)
    {
        var left = wait.Until - desk.Now;
        // A publication's own rate is not for others of its account to wait for, nor a domain for other batches' domains.
        if (left > ShortWait || wait.Reason is PutOff.PublicationRate or PutOff.Letter || (wait.Reason == PutOff.Domain && turn.OthersWait())) return false;
        await record();
        if (left > TimeSpan.Zero) await Task.Delay(left, desk.Time, cancellation);
        return true;
    }

    private PutOff? MustStop()
    {
        if (desk.Holds.Until(account.Id) is { } until) return new(until + SendingHolds.Priority, PutOff.Account);
        return turn.ShouldYield() || desk.Time.GetElapsedTime(_begunAt) > MostTurn ? new(desk.Now, PutOff.Turn) : null;
    }

    private async Task<Addressee[]?> StopAsync(PutOff putOff, CancellationToken cancellation)
    {
        PutOff = putOff;
        var now = desk.Now;
        if (PutOff.Words.Contains(putOff.Reason)) PaceMetrics.PutOffBy(account.Name, putOff.Reason, _rest.Count);
        var isDaysEnd = putOff.Reason == PutOff.WarmUp && account == mail.Route.First;
        if (isDaysEnd) await EditionHolds.UntilTomorrowAsync(db, batch.PublicationId, account, now, putOff.Until, cancellation);
        else if (putOff.IsOurs) await EditionHolds.MarkAsync(db, batch.EditionId, putOff, now, cancellation);
        switch (putOff.Reason)
        {
            case PutOff.PublicationRate:
                turn.HoldPublication(putOff.Until);
                break;
            case PutOff.AccountRate or PutOff.Account:
                turn.HoldAccount(account.Id, putOff.Until);
                break;
        }
        turn.ComesAgain = putOff.Reason is PutOff.Turn or PutOff.PublicationRate or PutOff.AccountRate;
        return null;
    }
}
