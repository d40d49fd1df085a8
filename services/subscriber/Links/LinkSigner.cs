using System.Buffers.Binary;
using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Newsletter.Subscriber.Links;

internal enum LinkState { Good, Expired, Forged }

/// <summary>
/// Signs and reads the tokens in links: <c>kid.payload.mac</c>, HMAC-SHA-256 cut to 128 bits, with keys of its own for each purpose.
/// An unsubscribe token has no end: RFC 8058 wants it to work as long as the mail exists, and all it can do is unsubscribe.
/// </summary>
internal sealed class LinkSigner(IReadOnlyDictionary<(LinkPurpose Purpose, int Kid), byte[]> keys)
{
    private const int MacBytes = 16;
    private const int MaxToken = 128;

    public string Unsubscribe(Guid subscriber) => Sign(LinkPurpose.Unsubscribe, subscriber.ToByteArray(bigEndian: true));

    public string Confirm(Guid subscriber, DateTimeOffset until)
    {
        var payload = new byte[24];
        subscriber.TryWriteBytes(payload, bigEndian: true, out _);
        BinaryPrimitives.WriteInt64BigEndian(payload.AsSpan(16), until.ToUnixTimeSeconds());
        return Sign(LinkPurpose.Confirm, payload);
    }

    public Guid? ReadUnsubscribe(string? token) =>
        Read(LinkPurpose.Unsubscribe, token) is { Length: 16 } payload ? new Guid(payload, bigEndian: true) : null;

    public (LinkState State, Guid Subscriber) ReadConfirm(string? token, DateTimeOffset now)
    {
        if (Read(LinkPurpose.Confirm, token) is not { Length: 24 } payload) return (LinkState.Forged, default);
        var until = DateTimeOffset.FromUnixTimeSeconds(BinaryPrimitives.ReadInt64BigEndian(payload.AsSpan(16)));
        return (until > now ? LinkState.Good : LinkState.Expired, new Guid(payload.AsSpan(0, 16), bigEndian: true));
    }

    /// <summary>A code of six digits is guessed from a bare hash at once; from this one only with the key.</summary>
    public byte[] HashOfCode(Guid challenge, string code) => CodeMac(Newest(LinkPurpose.Code), challenge, code);

    public bool IsCode(byte[] hash, Guid challenge, string code) =>
        keys.Keys.Where(k => k.Purpose == LinkPurpose.Code).Any(k => CryptographicOperations.FixedTimeEquals(CodeMac(k.Kid, challenge, code), hash));

    /// <summary>Whether a token names a key that another process may have made since.</summary>
    public bool NamesUnknownKey(LinkPurpose purpose, string? token) => KidOf(token) is { } kid && kid == Newest(purpose) + 1;

    private byte[] CodeMac(int kid, Guid challenge, string code) =>
        HMACSHA256.HashData(keys[(LinkPurpose.Code, kid)], Encoding.UTF8.GetBytes($"{challenge:N} {code}"));

    private int Newest(LinkPurpose purpose) => keys.Keys.Where(k => k.Purpose == purpose).Max(k => k.Kid);

    private string Sign(LinkPurpose purpose, byte[] payload)
    {
        var kid = Newest(purpose);
        return $"{kid.ToString(CultureInfo.InvariantCulture)}.{Base64Url.EncodeToString(payload)}.{Base64Url.EncodeToString(Mac(purpose, kid, payload))}";
    }

    private byte[]? Read(LinkPurpose purpose, string? token)
    {
        if (KidOf(token) is not { } kid || !keys.ContainsKey((purpose, kid))) return null;
        var parts = token!.Split('.');
        if (parts.Length != 3 || !Base64Url.IsValid(parts[1]) || !Base64Url.IsValid(parts[2])) return null;
        var payload = Base64Url.DecodeFromChars(parts[1]);
        return CryptographicOperations.FixedTimeEquals(Mac(purpose, kid, payload), Base64Url.DecodeFromChars(parts[2])) ? payload : null;
    }

    private static int? KidOf(string? token)
    {
        if (token is null || token.Length > MaxToken || token.IndexOf('.', StringComparison.Ordinal) is not (> 0 and var dot)) return null;
        return int.TryParse(token.AsSpan(0, dot), NumberStyles.None, CultureInfo.InvariantCulture, out var kid) ? kid : null;
    }

    private byte[] Mac(LinkPurpose purpose, int kid, byte[] payload) => HMACSHA256.HashData(keys[(purpose, kid)], payload)[..MacBytes];
}
