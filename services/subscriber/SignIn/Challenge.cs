using System.Globalization;
using System.Security.Cryptography;
using Newsletter.Subscriber.Addresses;
using Newsletter.Subscriber.Links;

namespace Newsletter.Subscriber.SignIn;

internal enum ChallengeKind { Reader, Staff, AddressChange }

/// <summary>
/// Something mailed to an address that comes back once, within 15 minutes, and proves the mailbox. Token and code are stored hashed.
/// For an unknown address there is one too, mailed to nobody: asking and answering then take the same way.
/// </summary>
internal sealed class Challenge
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);
    public const int MaxTries = 5;

    private Challenge() { }

    public Guid Id { get; private set; }
    public ChallengeKind Kind { get; private set; }
    public Guid? PublicationId { get; private set; }
    /// <summary>The subscriber or the staff account; none for an unknown address.</summary>
    public Guid? SubjectId { get; private set; }
    /// <summary>By which a code is found, without storing the address.</summary>
    public byte[] AddressKey { get; private set; } = [];
    public byte[] TokenHash { get; private set; } = [];
    public byte[]? CodeHash { get; private set; }
    /// <summary>For a change of address: the one to move to.</summary>
    public string? NewEmail { get; private set; }
    public DateTimeOffset ExpiresAt { get; private set; }
    public DateTimeOffset? UsedAt { get; private set; }
    public int Tries { get; private set; }

    /// <summary>A link and a six-digit code.</summary>
    public static (Challenge Challenge, string Token, string Code) ForSignIn(
        ChallengeKind kind, Guid? publication, Guid? subject, EmailAddress address, LinkSigner links, DateTimeOffset now)
    {
        var (challenge, token) = Create(kind, publication, subject, address, now);
        var code = RandomNumberGenerator.GetInt32(1_000_000).ToString("D6", CultureInfo.InvariantCulture);
        challenge.CodeHash = links.HashOfCode(challenge.Id, code);
        return (challenge, token, code);
    }

    /// <summary>A link to the new address.</summary>
    public static (Challenge Challenge, string Token) ForAddressChange(Guid publication, Guid subscriber, EmailAddress newAddress, DateTimeOffset now)
    {
        var (challenge, token) = Create(ChallengeKind.AddressChange, publication, subscriber, newAddress, now);
        challenge.NewEmail = newAddress.Typed;
        return (challenge, token);
    }

    public static byte[] KeyOf(ChallengeKind kind, Guid? publication, EmailAddress address) =>
        AddressLimit.KeyOf($"challenge {kind}", publication, address.Normalised);

    private static (Challenge, string) Create(ChallengeKind kind, Guid? publication, Guid? subject, EmailAddress address, DateTimeOffset now)
    {
        var token = Secret.New();
        var challenge = new Challenge
        {
            Id = Guid.CreateVersion7(now),
            Kind = kind,
            PublicationId = publication,
            SubjectId = subject,
            AddressKey = KeyOf(kind, publication, address),
            TokenHash = Secret.Hash(token),
            ExpiresAt = now + Lifetime,
        };
        return (challenge, token);
    }
}
