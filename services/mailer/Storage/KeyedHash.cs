using System.Security.Cryptography;

namespace Newsletter.Mailer.Storage;

/// <summary>HMAC-SHA256 (RFC 2104) under one key. What was made ready of the key is kept: that takes longer than hashing a short message.</summary>
internal sealed class KeyedHash(byte[] key)
{
    private IncrementalHash? _idle;

    public byte[] Of(ReadOnlySpan<byte> message)
    {
        var hash = Interlocked.Exchange(ref _idle, null) ?? IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        hash.AppendData(message);
        var mac = hash.GetHashAndReset();
        if (Interlocked.CompareExchange(ref _idle, hash, null) is not null) hash.Dispose();
        return mac;
    }
}
