using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace Newsletter.Mailer.Providers;

/// <summary>Any mail server, through MailKit. One letter per call, so that each answer is recorded before the next letter leaves.</summary>
internal sealed class SmtpProvider(SmtpOptions options, TimeProvider time) : IMailProvider, IDisposable
{
    private readonly SmtpConnections _connections = new(options, time);
    private readonly DkimSigning? _dkim = options.Dkim is { } dkim ? new(dkim) : null;

    public string Name => "smtp";
    public int MaxBatch => 1;
    public int MaxConcurrency => options.Connections;
    public DomainNeeds Needs => new(options.SpfMechanism, SignsItself: false, options.Dkim);

    public async Task<IReadOnlyList<SendOutcome>> SendAsync(OutgoingBatch batch, CancellationToken cancellation)
    {
        List<SendOutcome> outcomes = new(batch.Letters.Count);
        foreach (var letter in batch.Letters) outcomes.Add(await SendOneAsync(batch, letter, cancellation));
        return outcomes;
    }

    /// <summary>A mail server tells what became of a letter by another letter.</summary>
    public IEnumerable<MailEvent?> EventsIn(string body) => [];

    /// <summary>A batch that is still being sent signs and connects to its end, with the settings that it began with.</summary>
    public void Dispose() => _connections.Dispose();

    private async Task<SendOutcome> SendOneAsync(OutgoingBatch batch, OutgoingLetter letter, CancellationToken cancellation)
    {
        if (!SmtpMessage.CanCarry(letter.To.Address)) return new SendOutcome.Rejected(letter.Key, AddressIsBad: true, "invalid_address", "");
        using var message = SmtpMessage.Of(batch, letter, time.GetUtcNow());
        SigningOf(batch)?.Sign(message);
        var outcome = await TryAsync(letter.Key, message, reuse: true, cancellation);
        // A kept connection that the server had closed says so only now, and nothing was sent yet.
        return outcome ?? await TryAsync(letter.Key, message, reuse: false, cancellation)
            ?? new SendOutcome.Deferred(letter.Key, "connection_lost", "", null);
    }

    /// <summary>The configured key signs what has no key of its own, and its own domain.</summary>
    private DkimSigning? SigningOf(OutgoingBatch batch) => batch.Dkim is null || _dkim?.Signs(batch.From.Address) == true ? _dkim : batch.Dkim;

    /// <returns>Null: the connection was dead before the letter was begun.</returns>
    private async Task<SendOutcome?> TryAsync(string key, MimeMessage message, bool reuse, CancellationToken cancellation)
    {
        SmtpClient? client = null;
        DataWatch? data = null;
        try
        {
            client = await _connections.RentAsync(reuse, cancellation);
            data = (DataWatch)client.ProtocolLogger;
            data.Reset();
            var sender = options.ReturnPath is { Length: > 0 } path ? new MailboxAddress("", path) : (MailboxAddress)message.From[0];
            var answer = await client.SendAsync(message, sender, message.To.Mailboxes, cancellation);
            _connections.Return(client);
            client = null;
            return new SendOutcome.Accepted(key, QueueIdOf(answer));
        }
        catch (SmtpCommandException e)
        {
            if (e.StatusCode != SmtpStatusCode.ServiceNotAvailable && client is { IsConnected: true })
            {
                _connections.Return(client);
                client = null;
            }
            return SmtpAnswer.Of(key, e);
        }
        catch (SmtpConnections.NotConnectedException e)
        {
            return SmtpAnswer.OfConnection(key, e);
        }
        catch (Exception e) when (IsLost(e) && !cancellation.IsCancellationRequested)
        {
            // Once its data were on their way, the server may have them all.
            return data?.HasBegun == true ? new SendOutcome.Unknown(key, "connection_lost") : null;
        }
        finally
        {
            client?.Dispose();
        }
    }

    private static bool IsLost(Exception e) =>
        e is IOException or SocketException or SmtpProtocolException or ServiceNotConnectedException or OperationCanceledException or TimeoutException;

    /// <summary>Postfix and its like answer <c>2.0.0 Ok: queued as 4Zx…</c>.</summary>
    private static string? QueueIdOf(string answer)
    {
        const string mark = "queued as ";
        var at = answer.IndexOf(mark, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? null : answer[(at + mark.Length)..].Trim().Split(' ', '\r', '\n')[0];
    }
}
