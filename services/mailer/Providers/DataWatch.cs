using MailKit;

namespace Newsletter.Mailer.Providers;

/// <summary>Whether a connection's letter itself is on its way, as against commands before it: from then on, the server may have it.</summary>
internal sealed class DataWatch : IProtocolLogger
{
    private bool _isAnnounced;

    public bool HasBegun { get; private set; }

    public IAuthenticationSecretDetector? AuthenticationSecretDetector { get; set; }

    public void Reset() => HasBegun = _isAnnounced = false;

    public void LogClient(byte[] buffer, int offset, int count)
    {
        // After DATA the server is asked once more; what follows BDAT is not.
        var sent = buffer.AsSpan(offset, count);
        if (_isAnnounced || sent.StartsWith("BDAT "u8)) HasBegun = true;
        _isAnnounced = sent.SequenceEqual("DATA\r\n"u8);
    }

    public void LogServer(byte[] buffer, int offset, int count) { }

    public void LogConnect(Uri uri) { }

    public void Dispose() { }
}
