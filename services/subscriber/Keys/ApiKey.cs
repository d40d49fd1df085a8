using Newsletter.Defaults.Audit;
using Newsletter.Defaults.Identity;

namespace Newsletter.Subscriber.Keys;

/// <summary>A key of one publication, or of the installation; stored hashed, shown once.</summary>
[Audited]
internal sealed class ApiKey
{
    /// <summary>Of the key that the settings name, or that the first start makes; fixed, so that two processes starting at once make one.</summary>
    public static readonly Guid OwnersId = new("01900000-0000-7000-8000-000000000001");

    private ApiKey() { }

    public Guid Id { get; private set; }
    /// <summary>None: good for every publication.</summary>
    public Guid? PublicationId { get; private set; }
    public string Name { get; private set; } = "";
    /// <summary>The first characters, to tell keys apart in a list.</summary>
    [Withheld]
    public string Hint { get; private set; } = "";
    public byte[] Hash { get; private set; } = [];
    public Role Role { get; private set; }
    public IReadOnlyList<string> Scopes { get; private set; } = [];
    /// <summary>The staff account behind the key that was used or signed in to make it.</summary>
    public Guid? CreatedBy { get; private set; }
    public DateTimeOffset CreatedAt { get; private set; }
    public DateTimeOffset? ExpiresAt { get; private set; }
    public DateTimeOffset? RevokedAt { get; private set; }

    public static ApiKey Create(
        string secret, Guid? publication, string name, Role role, IReadOnlyList<string> scopes, Guid? createdBy, DateTimeOffset now, DateTimeOffset? expires = null) =>
        new()
        {
            Id = Guid.CreateVersion7(now),
            PublicationId = publication,
            Name = name,
            Hint = HintOf(secret),
            Hash = Secret.Hash(secret),
            Role = role,
            Scopes = scopes,
            CreatedBy = createdBy,
            CreatedAt = now,
            ExpiresAt = expires,
        };

    public static ApiKey Owners(string secret, Guid account, DateTimeOffset now)
    {
        var key = Create(secret, null, "Owner's key", Role.Operator, [], account, now);
        key.Id = OwnersId;
        return key;
    }

    public void Replace(string secret) => (Hash, Hint) = (Secret.Hash(secret), HintOf(secret));

    public bool IsGoodAt(DateTimeOffset now) => RevokedAt is null && (ExpiresAt is not { } until || until > now);

    public void Revoke(DateTimeOffset now) => RevokedAt ??= now;

    private static string HintOf(string secret) => secret[..Math.Min(8, secret.Length / 4)];
}
