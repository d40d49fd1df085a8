using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;

namespace Newsletter.Mailer.Tracking;

/// <summary>
/// The codes in counted links. A link carries edition, address and MAC, so it leads on for as long as the key lives, needs no row, and cannot be
/// turned into an open redirect. A reader's code carries subscriber and MAC for one edition, so nobody can count for somebody else.
/// </summary>
internal sealed class TrackingCodes(byte[] key)
{
    /// <summary>In place of a reader's code, for readers who do not want to be counted.</summary>
    public const string Nobody = "0";

    private const int GuidBytes = 16;
    private const int LinkMacBytes = 12;
    // A forged one spoils a figure, no more; it stands in every link, so it is short.
    private const int ReaderMacBytes = 8;
    private const int ReaderBytes = GuidBytes + ReaderMacBytes;
    private const int MaxCode = 4096;
    // Of a counted link's address; longer ones would make longer codes, and keys of an index that PostgreSQL does not take.
    private const int MaxAddressBytes = 2000;
    private readonly KeyedHash _hash = new(key);

    public LetterFrame Frame(PublicationSnapshot publication, NewsletterSnapshot newsletter, Guid edition)
    {
        // Codes are good on every host of the installation: the path has no publication.
        var origin = new Uri(publication.BaseUrl).GetLeftPart(UriPartial.Authority);
        return new(publication, newsletter, edition, address => Track(origin, edition, address), $"{origin}/o/{Encode(Bytes(edition))}{Placeholder.Reader}.gif");
    }

    public string Link(Guid edition, string address)
    {
        byte[] payload = [.. Bytes(edition), .. Encoding.UTF8.GetBytes(address)];
        return Encode([.. Mac("link", payload, LinkMacBytes), .. payload]);
    }

    /// <summary>Null for what we did not make.</summary>
    public (Guid Edition, string Address)? ReadLink(string code)
    {
        if (Decode(code) is not { Length: > LinkMacBytes + GuidBytes } bytes) return null;
        var payload = bytes[LinkMacBytes..];
        return CryptographicOperations.FixedTimeEquals(bytes.AsSpan(0, LinkMacBytes), Mac("link", payload, LinkMacBytes))
            ? (new Guid(payload.AsSpan(0, GuidBytes), bigEndian: true), Encoding.UTF8.GetString(payload.AsSpan(GuidBytes)))
            : null;
    }

    public string Reader(Guid edition, Guid subscriber) =>
        Encode([.. Bytes(subscriber), .. Mac("reader", [.. Bytes(edition), .. Bytes(subscriber)], ReaderMacBytes)]);

    /// <summary>Null for nobody, and for a code of another edition.</summary>
    public Guid? ReadReader(Guid edition, string? code)
    {
        if (code is null || Decode(code) is not { Length: ReaderBytes } bytes) return null;
        var mac = Mac("reader", [.. Bytes(edition), .. bytes.AsSpan(0, GuidBytes)], ReaderMacBytes);
        return CryptographicOperations.FixedTimeEquals(bytes.AsSpan(GuidBytes), mac) ? new Guid(bytes.AsSpan(0, GuidBytes), bigEndian: true) : null;
    }

    /// <summary>The image's name: the edition's id, then the reader's code.</summary>
    public (Guid Edition, Guid Reader)? ReadPixel(string name)
    {
        var idLength = Base64Url.GetEncodedLength(GuidBytes);
        if (name.Length <= idLength || Decode(name[..idLength]) is not { Length: GuidBytes } id) return null;
        var edition = new Guid(id, bigEndian: true);
        return ReadReader(edition, name[idLength..]) is { } reader ? (edition, reader) : null;
    }

    private string Track(string origin, Guid edition, string address) =>
        Uri.TryCreate(address, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && Encoding.UTF8.GetByteCount(address) <= MaxAddressBytes
            ? $"{origin}/t/{Link(edition, address)}?r={Placeholder.Reader}"
            : address;

    private byte[] Mac(string purpose, byte[] payload, int length)
    {
        byte[] message = [.. Encoding.ASCII.GetBytes(purpose), 0, .. payload];
        return _hash.Of(message)[..length];
    }

    private static byte[] Bytes(Guid id) => id.ToByteArray(bigEndian: true);

    private static string Encode(byte[] bytes) => Base64Url.EncodeToString(bytes);

    private static byte[]? Decode(string code)
    {
        if (code.Length is 0 or > MaxCode || !Base64Url.IsValid(code)) return null;
        return Base64Url.DecodeFromChars(code);
    }
}
