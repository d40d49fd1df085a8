using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Deliveries;

/// <summary>What a Message-ID of ours names: the letter of an edition, or a mail to one person.</summary>
internal readonly record struct LetterId(Guid Id, Guid? Edition)
{
    public Guid? Subscriber => Edition is null ? null : Id;
    public Guid? Mail => Edition is null ? Id : null;
}

/// <summary>
/// Message-IDs, the same at every try, so that a mailbox that gets a letter twice can tell. They come back in bounces, which anybody may write: so
/// they end with a MAC, and whoever has seen a letter's links still cannot make up a bounce for its reader.
/// </summary>
internal sealed class LetterIds(byte[] key)
{
    private readonly KeyedHash _hash = new(key);
    private const int IdLength = 32;
    private const int MacLength = 16;

    /// <param name="from">The sender's address, whose domain the id is of.</param>
    public string Of(Guid edition, Guid subscriber, string from) => Sign($"{subscriber:N}.{edition:N}", from);

    /// <summary>Of a mail to one person.</summary>
    public string Of(Guid mail, string from) => Sign($"{mail:N}", from);

    /// <summary>Null for what we did not make. Servers keep what is before the @ as it is.</summary>
    public LetterId? Read(string messageId)
    {
        var at = messageId.IndexOf('@', StringComparison.Ordinal);
        var dot = at < 0 ? -1 : messageId.LastIndexOf('.', at);
        if (dot < 0 || at - dot - 1 != MacLength) return null;
        var name = messageId[..dot];
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(messageId[(dot + 1)..at]), Encoding.UTF8.GetBytes(Mac(name)))) return null;
        var parts = name.Split('.');
        if (!Guid.TryParseExact(parts[0], "N", out var id)) return null;
        if (parts.Length == 1) return new(id, null);
        return parts.Length == 2 && parts[1].Length == IdLength && Guid.TryParseExact(parts[1], "N", out var edition) ? new(id, edition) : null;
    }

    private string Sign(string name, string from) => string.Create(CultureInfo.InvariantCulture, $"{name}.{Mac(name)}@{from[(from.LastIndexOf('@') + 1)..]}");

    private string Mac(string name) => Convert.ToHexStringLower(_hash.Of(Encoding.ASCII.GetBytes(name)).AsSpan(0, MacLength / 2));
}
