using Microsoft.EntityFrameworkCore;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Links;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.SignIn;

/// <summary>Answers to challenges. Each is taken by one conditional update, so of two answers at once only one counts.</summary>
internal static class Challenges
{
    /// <summary>The challenge that this token answers, used up now; null when there is none that waits for it.</summary>
    public static async Task<Challenge?> TakeByTokenAsync(
        this SubscriberDb db, ChallengeKind kind, Guid? publication, string? token, DateTimeOffset now, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(token) || token.Length > 64) return null;
        var hash = Secret.Hash(token);
        var found = await db.Challenges.AsNoTracking().SingleOrDefaultAsync(c => c.TokenHash == hash && c.Kind == kind && c.PublicationId == publication, cancellation);
        return found is { SubjectId: not null } && await db.TakeAsync(found.Id, now, cancellation) ? found : null;
    }

    /// <summary>Whether the token would be taken, without taking it: for the page that a GET shows.</summary>
    public static async Task<bool> AwaitsAsync(
        this SubscriberDb db, ChallengeKind kind, Guid? publication, string? token, DateTimeOffset now, CancellationToken cancellation)
    {
        if (string.IsNullOrEmpty(token) || token.Length > 64) return false;
        var hash = Secret.Hash(token);
        return await db.Challenges.AnyAsync(
            c => c.TokenHash == hash && c.Kind == kind && c.PublicationId == publication && c.SubjectId != null && c.UsedAt == null && c.ExpiresAt > now, cancellation);
    }

    /// <summary>The challenge that this code answers. A try is counted before it is looked at, per address and per challenge, right or wrong.</summary>
    public static async Task<Challenge?> TakeByCodeAsync(
        this SubscriberDb db, ChallengeKind kind, AddressRule tries, Guid? publication, EmailAddress address, string code, LinkSigner links, TimeProvider time, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (!await AddressLimit.TakeAsync(db, tries, publication, address, time, cancellation)) return null;
        var key = Challenge.KeyOf(kind, publication, address);
        await db.Challenges.Where(c => c.AddressKey == key && c.UsedAt == null && c.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.Tries, c => c.Tries + 1), cancellation);
        var waiting = await db.Challenges.AsNoTracking()
            .Where(c => c.AddressKey == key && c.Kind == kind && c.UsedAt == null && c.ExpiresAt > now && c.Tries <= Challenge.MaxTries)
            .ToListAsync(cancellation);
        foreach (var challenge in waiting)
        {
            if (!links.IsCode(challenge.CodeHash!, challenge.Id, code) || challenge.SubjectId is null) continue;
            return await db.TakeAsync(challenge.Id, now, cancellation) ? challenge : null;
        }
        return null;
    }

    private static async Task<bool> TakeAsync(this SubscriberDb db, Guid id, DateTimeOffset now, CancellationToken cancellation) =>
        await db.Challenges.Where(c => c.Id == id && c.UsedAt == null && c.ExpiresAt > now)
            .ExecuteUpdateAsync(set => set.SetProperty(c => c.UsedAt, now), cancellation) == 1;
}
