using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;

namespace Newsletter.Mailer.Storage;

/// <summary>The installation's keys by purpose, the same in every process.</summary>
internal sealed class SecretKeys(IServiceScopeFactory scopes, TimeProvider time)
{
    public const string Addresses = "addresses";
    public const string MessageIds = "message-ids";
    public const string Tracking = "tracking";

    private readonly ConcurrentDictionary<string, byte[]> _known = new();

    public async Task<AddressHasher> AddressHasherAsync(CancellationToken cancellation) => new(await GetAsync(Addresses, cancellation));

    public async Task<byte[]> GetAsync(string purpose, CancellationToken cancellation)
    {
        if (_known.TryGetValue(purpose, out var key)) return key;
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<MailerDb>();
        return _known[purpose] = await FindAsync(db, purpose, cancellation) ?? await MakeAsync(db, purpose, cancellation);
    }

    private async Task<byte[]> MakeAsync(MailerDb db, string purpose, CancellationToken cancellation)
    {
        var made = new SecretKey { Purpose = purpose, Key = RandomNumberGenerator.GetBytes(32), CreatedAt = time.GetUtcNow() };
        db.Add(made);
        try
        {
            await db.SaveChangesAsync(cancellation);
            return made.Key;
        }
        catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
        {
            // Another process was first; its key is everybody's.
            db.ChangeTracker.Clear();
            return (await FindAsync(db, purpose, cancellation))!;
        }
    }

    private static async Task<byte[]?> FindAsync(MailerDb db, string purpose, CancellationToken cancellation) =>
        (await db.SecretKeys.AsNoTracking().SingleOrDefaultAsync(k => k.Purpose == purpose, cancellation))?.Key;
}
