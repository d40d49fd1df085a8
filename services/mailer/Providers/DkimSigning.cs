using System.Security.Cryptography;
using MimeKit;
using MimeKit.Cryptography;
using Newsletter.Mailer.Storage;
using Org.BouncyCastle.Crypto;

namespace Newsletter.Mailer.Providers;

/// <summary>DKIM, rsa-sha256, relaxed. MimeKit's own RSA takes 5 ms a letter; the framework's 0.5 ms.</summary>
internal sealed class DkimSigning : IDisposable
{
    private static readonly string[] Signed =
        ["From", "To", "Reply-To", "Subject", "Date", "Message-Id", "MIME-Version", "Content-Type", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"];

    private readonly RSA _key = RSA.Create();
    private readonly Signer _signer;

    public DkimSigning(DkimOptions options)
    {
        _key.ImportFromPem(options.PrivateKey);
        using var pem = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(_key.ExportRSAPrivateKeyPem()));
        _signer = new(pem, options.Domain, options.Selector, _key)
        {
            HeaderCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Relaxed,
            BodyCanonicalizationAlgorithm = DkimCanonicalizationAlgorithm.Relaxed,
        };
    }

    /// <summary>Whether the address is of the domain that it signs for.</summary>
    public bool Signs(string address) => MailDomain.Of(address) is { } domain && domain == MailDomain.Ascii(_signer.Domain);

    public void Sign(MimeMessage message)
    {
        message.Prepare(EncodingConstraint.SevenBit);
        _signer.Sign(message, [.. Signed.Where(name => message.Headers.Contains(name))]);
    }

    public void Dispose() => _key.Dispose();

    private sealed class Signer(Stream pem, string domain, string selector, RSA key) : DkimSigner(pem, domain, selector, DkimSignatureAlgorithm.RsaSha256)
    {
        protected override ISigner CreateSigningContext() => new Context(key);
    }

    private sealed class Context(RSA key) : ISigner
    {
        private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        public string AlgorithmName => "SHA256withRSA";

        public void Init(bool forSigning, ICipherParameters parameters)
        {
            if (!forSigning) throw new NotSupportedException("It only signs.");
        }

        public void Update(byte input) => _hash.AppendData([input]);

        public void BlockUpdate(byte[] input, int inOff, int inLen) => _hash.AppendData(input, inOff, inLen);

        public void BlockUpdate(ReadOnlySpan<byte> input) => _hash.AppendData(input);

        public int GetMaxSignatureSize() => key.KeySize / 8;

        public byte[] GenerateSignature() => key.SignHash(_hash.GetHashAndReset(), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);

        public bool VerifySignature(byte[] signature) => throw new NotSupportedException("It only signs.");

        public void Reset() => _hash.GetHashAndReset();
    }
}
