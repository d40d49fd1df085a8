using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Storage;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Webhooks;
using DeliverabilityStatus = Newsletter.Contracts.Deliverability;

namespace Newsletter.Mailer.Deliverability;

/// <summary>What is known about addresses, and telling others of it. Saved by the caller.</summary>
internal sealed class AddressBook(MailerDb db, SecretKeys keys, TimeProvider time)
{
    // As much as one event may carry.
    private const int AtOnce = 500;

    /// <summary>
    /// A block is a server's policy of the day, often against the sender and not the address: mail is tried again after this. Bounces and complaints stay
    /// until staff or the reader say otherwise.
    /// </summary>
    public static readonly TimeSpan BlockLasts = TimeSpan.FromDays(3);

    /// <summary>Before a transaction: the key that addresses are hashed with, where there is none yet, is written by itself, which on SQLite waits for every other writer.</summary>
    public Task ReadyAsync(CancellationToken cancellation) => keys.AddressHasherAsync(cancellation);

    public async Task LearnAsync(List<LetterEvent> letters, CancellationToken cancellation)
    {
        var bad = letters.FindAll(l => l.Event.Kind == EventKind.SoftBounce || StatusOf(l.Event) is not null);
        if (bad.Count == 0) return;
        var hasher = await keys.AddressHasherAsync(cancellation);
        var subscribers = bad.Select(l => l.Subscriber).OfType<Guid>().Distinct().ToList();
        var recipients = await db.Recipients.AsNoTracking().Where(r => subscribers.Contains(r.Id) && !r.Deleted).ToDictionaryAsync(r => r.Id, cancellation);
        var learnt = bad.Select(l => (l.Publication, Address: AddressOf(l, recipients, hasher), l.Event)).Where(l => l.Address.Subscriber is not null || !l.Event.IsHearsay).GroupBy(l => (l.Publication, l.Address.Hash)).ToList();
        var hashes = learnt.ConvertAll(l => l.Key.Hash);
        var known = await db.AddressStatuses.Where(a => hashes.Contains(a.AddressHash)).ToDictionaryAsync(a => (a.PublicationId, a.AddressHash), cancellation);

        List<AddressStatus> changed = [];
        foreach (var address in learnt)
        {
            if (!known.TryGetValue(address.Key, out var row)) db.Add(row = AddressStatus.Of(address.Key.Publication, address.Key.Hash, address.First().Address.Subscriber));
            if (Learn(row, [.. address.Select(l => l.Event)])) changed.Add(row);
        }
        Tell(changed);
    }

    /// <returns>Whether others must hear of it.</returns>
    private bool Learn(AddressStatus row, List<MailEvent> events)
    {
        var now = time.GetUtcNow();
        // The worst of several.
        if (events.FindAll(e => StatusOf(e) is not null).MaxBy(e => Severity(StatusOf(e)!.Value)) is { } worst)
        {
            var status = StatusOf(worst)!.Value;
            if (Severity(status) <= Severity(row.Status)) return false;
            row.Set(status, worst.Reason, now, HybridClock.Next(row.Version, time));
            return true;
        }
        var isTooMuch = false;
        foreach (var soft in events) isTooMuch |= row.BouncedSoftly(soft.Reason, now, HybridClock.Next(row.Version, time));
        if (isTooMuch) row.Set(DeliverabilityStatus.Bounced, row.Reason, now, HybridClock.Next(row.Version, time));
        return isTooMuch;
    }

    /// <summary>The way back: mail is tried again.</summary>
    public bool Clear(AddressStatus row, string reason)
    {
        if (row.Status == DeliverabilityStatus.Ok) return false;
        row.Set(DeliverabilityStatus.Ok, reason, time.GetUtcNow(), HybridClock.Next(row.Version, time));
        Tell([row]);
        return true;
    }

    public async Task LiftBlocksAsync(CancellationToken cancellation)
    {
        var before = time.GetUtcNow() - BlockLasts;
        while (true)
        {
            var blocked = await db.AddressStatuses.Where(a => a.Status == DeliverabilityStatus.Blocked && a.Since < before).OrderBy(a => a.Since).Take(AtOnce).ToListAsync(cancellation);
            if (blocked.Count == 0) return;
            foreach (var row in blocked) Clear(row, "tried_again");
            await db.SaveChangesAsync(cancellation);
            db.ChangeTracker.Clear();
        }
    }

    private void Tell(List<AddressStatus> changed)
    {
        foreach (var publication in changed.Where(a => a.SubscriberId is not null).GroupBy(a => a.PublicationId))
        {
            foreach (var chunk in publication.Chunk(AtOnce)) db.Publish(new DeliverabilityChanged(publication.Key, [.. chunk.Select(Snapshot)]));
        }
    }

    private static DeliverabilitySnapshot Snapshot(AddressStatus row) => new()
    {
        Id = row.SubscriberId!.Value,
        PublicationId = row.PublicationId,
        Version = row.Version,
        Status = row.Status,
        Reason = row.Reason,
    };

    private static DeliverabilityStatus? StatusOf(MailEvent told) => told.Kind switch
    {
        EventKind.Bounce => DeliverabilityStatus.Bounced,
        EventKind.Blocked => DeliverabilityStatus.Blocked,
        EventKind.SpamReport => DeliverabilityStatus.Complained,
        // SendGrid's own list knew the address before us.
        EventKind.Dropped when told.Reason is "Bounced Address" or "Invalid" => DeliverabilityStatus.Bounced,
        EventKind.Dropped when told.Reason == "Spam Reporting Address" => DeliverabilityStatus.Complained,
        _ => null,
    };

    private static int Severity(DeliverabilityStatus status) => status switch
    {
        DeliverabilityStatus.Ok => 0,
        DeliverabilityStatus.Blocked => 1,
        DeliverabilityStatus.Bounced => 2,
        _ => 3,
    };

    /// <summary>The address that the event is about: the reader may have another one by now.</summary>
    private static (string Hash, Guid? Subscriber) AddressOf(LetterEvent letter, Dictionary<Guid, Recipient> recipients, AddressHasher hasher)
    {
        var told = letter.Event.Email.Trim();
        if (letter.Subscriber is { } id && recipients.TryGetValue(id, out var recipient) && recipient.PublicationId == letter.Publication && IsSame(recipient, told)) return (recipient.AddressHash, id);
        return (hasher.Hash(told.ToLowerInvariant()), null);
    }

    private static bool IsSame(Recipient recipient, string address) =>
        address.Length == 0 || string.Equals(recipient.Email, address, StringComparison.OrdinalIgnoreCase)
        || string.Equals(recipient.NormalisedEmail, address, StringComparison.OrdinalIgnoreCase);
}
