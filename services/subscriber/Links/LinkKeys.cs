using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Links;

/// <summary>The keys of the links, the same in every process. A new one signs after a year; the old ones go on verifying.</summary>
internal sealed partial class LinkKeys(IServiceScopeFactory scopes, IDataProtectionProvider protection, TimeProvider time, ILogger<LinkKeys> log) : IDisposable
{
    private static readonly TimeSpan SignsFor = TimeSpan.FromDays(365);
    private static readonly TimeSpan ReadEvery = TimeSpan.FromDays(1);
    private static readonly TimeSpan ReadAgainAfter = TimeSpan.FromSeconds(10);

    private readonly IDataProtector _protector = protection.CreateProtector("Newsletter.Subscriber.LinkKeys");
    private readonly SemaphoreSlim _reading = new(1, 1);
    private LinkSigner? _signer;
    private DateTimeOffset _readAt;

    public void Dispose() => _reading.Dispose();

    public ValueTask<LinkSigner> ReadAsync(CancellationToken cancellation) => ReadAsync(ReadEvery, cancellation);

    /// <summary>For reading a token, which another process may have signed with a key that is newer than what we know.</summary>
    public async ValueTask<LinkSigner> ReadForAsync(LinkPurpose purpose, string? token, CancellationToken cancellation)
    {
        var signer = await ReadAsync(cancellation);
        return signer.NamesUnknownKey(purpose, token) ? await ReadAsync(ReadAgainAfter, cancellation) : signer;
    }

    private async ValueTask<LinkSigner> ReadAsync(TimeSpan olderThan, CancellationToken cancellation)
    {
        if (_signer is { } known && time.GetUtcNow() - _readAt < olderThan) return known;
        await _reading.WaitAsync(cancellation);
        try
        {
            if (_signer is null || time.GetUtcNow() - _readAt >= olderThan) (_signer, _readAt) = (await LoadAsync(cancellation), time.GetUtcNow());
            return _signer;
        }
        finally
        {
            _reading.Release();
        }
    }

    private async Task<LinkSigner> LoadAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SubscriberDb>();
        while (true)
        {
            db.ChangeTracker.Clear();
            var now = time.GetUtcNow();
            var rows = await db.LinkKeys.ToListAsync(cancellation);
            var opened = rows.Select(row => (Row: row, Secret: Open(row))).Where(k => k.Secret is not null).ToDictionary(k => (k.Row.Purpose, k.Row.Generation), k => k.Secret!);
            foreach (var purpose in Enum.GetValues<LinkPurpose>())
            {
                var newest = rows.Where(k => k.Purpose == purpose).MaxBy(k => k.Generation);
                if (newest is not null && now - newest.CreatedAt < SignsFor && opened.ContainsKey((purpose, newest.Generation))) continue;
                db.Add(LinkKey.Create(purpose, (newest?.Generation ?? 0) + 1, _protector.Protect(RandomNumberGenerator.GetBytes(32)), now));
            }
            if (!db.ChangeTracker.HasChanges()) return new(opened);
            try
            {
                await db.SaveChangesAsync(cancellation);
            }
            catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e))
            {
                // Another process made it first; the next round reads that one.
            }
        }
    }

    /// <summary>Null where the key ring that encrypted it is lost, and with it the links.</summary>
    private byte[]? Open(LinkKey row)
    {
        try
        {
            return _protector.Unprotect(row.ProtectedSecret);
        }
        catch (CryptographicException)
        {
            Unreadable(row.Purpose, row.Generation);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Link key {Generation} for {Purpose} cannot be decrypted with this installation's key ring: its links are dead")]
    private partial void Unreadable(LinkPurpose purpose, int generation);
}
