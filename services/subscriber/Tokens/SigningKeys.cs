using System.Security.Cryptography;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;
using Newsletter.Defaults.Storage;
using Newsletter.Subscriber.Storage;

namespace Newsletter.Subscriber.Tokens;

/// <summary>
/// The keys of the internal tokens, the same in every process of this service. A key signs for 30 days; it is published an hour before its
/// first token, which outlasts the ten minutes that services keep what they read, and until the next rotation after its last.
/// </summary>
internal sealed partial class SigningKeys(IServiceScopeFactory scopes, IDataProtectionProvider protection, TimeProvider time, ILogger<SigningKeys> log) : IDisposable
{
    private static readonly TimeSpan SignsFor = TimeSpan.FromDays(30);
    private static readonly TimeSpan Overlap = TimeSpan.FromHours(1);
    private static readonly TimeSpan ReadEvery = TimeSpan.FromMinutes(1);

    private readonly IDataProtector _protector = protection.CreateProtector("Newsletter.Subscriber.SigningKeys");
    private readonly SemaphoreSlim _reading = new(1, 1);
    // Opened once: the token handler caches what it derives from a key object.
    private readonly Dictionary<string, ECDsaSecurityKey> _opened = [];
    private Ring? _ring;

    /// <param name="Published">All keys that a valid token may be signed with, now or soon.</param>
    public sealed record Ring(SigningCredentials Current, IReadOnlyList<ECDsaSecurityKey> Published, DateTimeOffset ReadAt);

    public void Dispose() => _reading.Dispose();

    public async ValueTask<Ring> ReadAsync(CancellationToken cancellation)
    {
        if (IsFresh(_ring)) return _ring!;
        await _reading.WaitAsync(cancellation);
        try
        {
            if (!IsFresh(_ring)) _ring = await LoadAsync(cancellation);
            return _ring!;
        }
        finally
        {
            _reading.Release();
        }
    }

    private bool IsFresh(Ring? ring) => ring is not null && (time.GetUtcNow() - ring.ReadAt).Duration() < ReadEvery;

    private async Task<Ring> LoadAsync(CancellationToken cancellation)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<SubscriberDb>();
        while (true)
        {
            db.ChangeTracker.Clear();
            var now = time.GetUtcNow();
            var rows = await db.SigningKeys.OrderBy(k => k.Generation).ToListAsync(cancellation);
            var usable = rows.Select(row => (Row: row, Key: Open(row))).Where(k => k.Key is not null).ToList();
            var last = usable.LastOrDefault().Row;
            if (last is null || now >= last.ActiveFrom + SignsFor - Overlap)
            {
                var activeFrom = last is null ? now : Later(last.ActiveFrom + SignsFor, now + Overlap);
                db.SigningKeys.Add(Make((rows.LastOrDefault()?.Generation ?? 0) + 1, activeFrom));
                db.SigningKeys.RemoveRange(rows.SkipLast(1));
                try
                {
                    await db.SaveChangesAsync(cancellation);
                }
                catch (DbUpdateException e) when (DatabaseFailure.IsUniqueViolation(e) || e is DbUpdateConcurrencyException)
                {
                    RotatedElsewhere();
                }
                continue;
            }
            var current = usable.LastOrDefault(k => k.Row.ActiveFrom <= now) is { Key: not null } active ? active : usable[0];
            return new(new(current.Key, SecurityAlgorithms.EcdsaSha256), usable.Select(k => k.Key!).ToList(), now);
        }
    }

    private static DateTimeOffset Later(DateTimeOffset a, DateTimeOffset b) => a > b ? a : b;

    private SigningKey Make(int generation, DateTimeOffset activeFrom)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return SigningKey.Create(generation, _protector.Protect(key.ExportPkcs8PrivateKey()), activeFrom);
    }

    /// <summary>Null where the key ring that encrypted it is lost: the next key is made at once then.</summary>
    private ECDsaSecurityKey? Open(SigningKey row)
    {
        if (_opened.TryGetValue(row.Kid, out var known)) return known;
        try
        {
            var key = ECDsa.Create();
            key.ImportPkcs8PrivateKey(_protector.Unprotect(row.ProtectedPrivateKey), out _);
            return _opened[row.Kid] = new(key) { KeyId = row.Kid };
        }
        catch (CryptographicException)
        {
            Unreadable(row.Generation);
            return null;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Another process rotated the signing key")]
    private partial void RotatedElsewhere();

    [LoggerMessage(Level = LogLevel.Warning, Message = "Signing key {Generation} cannot be decrypted with this installation's key ring")]
    private partial void Unreadable(int generation);
}
