using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;
using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Storage;

namespace Newsletter.Billing.Gifts;

/// <summary>A link that gives its first taker a tier for a while. Only the token's hash is kept.</summary>
[Audited]
internal sealed class Gift
{
    private Gift() { }

    public Guid Id { get; private set; }
    public Guid PublicationId { get; private set; }
    public Guid TierId { get; private set; }
    [Withheld]
    public string TokenHash { get; private set; } = "";
    public int Days { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }
    public Guid? TakenBy { get; private set; }
    public DateTimeOffset? TakenAt { get; private set; }
    public long Version { get; private set; }

    public static (Gift Gift, string Token) Create(Guid publicationId, Guid tierId, int days, DateTimeOffset expiresAt, TimeProvider time)
    {
        var token = WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));
        return (new()
        {
            Id = Guid.CreateVersion7(time.GetUtcNow()),
            PublicationId = publicationId,
            TierId = tierId,
            TokenHash = HashOf(token),
            Days = days,
            ExpiresAt = expiresAt,
            Version = HybridClock.Next(0, time),
        }, token);
    }

    public bool IsOpen(DateTimeOffset now) => TakenBy is null && ExpiresAt > now;

    public void Take(Guid subscriberId, TimeProvider time)
    {
        (TakenBy, TakenAt) = (subscriberId, time.GetUtcNow());
        Version = HybridClock.Next(Version, time);
    }

    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
