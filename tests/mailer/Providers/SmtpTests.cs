using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using MailKit.Net.Smtp;
using MimeKit;
using MimeKit.Cryptography;
using Newsletter.Mailer.Providers;
using Newsletter.Mailer.Templates;
using Newsletter.Tests.Harness;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;

namespace Newsletter.Mailer.Tests.Providers;

public sealed class SmtpTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_letter_arrives_whole_with_its_personal_parts_and_headers()
    {
        await using var sink = await SmtpSink.StartAsync();
        using var smtp = SmtpSink.Provider(sink.Port);
        var outcomes = await smtp.SendAsync(Outgoing.Batch(Outgoing.Letter(1, name: "Ada; Lovelace"), Outgoing.Letter(2)), Cancellation);

        Assert.Equal(["k1", "k2"], outcomes.Select(o => Assert.IsType<SendOutcome.Accepted>(o).Key));
        using var message = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(Mail(sink, "m1@"))), Cancellation);
        Assert.Equal("<https://scipapermill.example/unsubscribe?token=TOKEN1&newsletter=posts>", message.Headers["List-Unsubscribe"]!.Replace("\n", "", StringComparison.Ordinal).Replace("\t", "", StringComparison.Ordinal).Trim());
        Assert.Equal("List-Unsubscribe=One-Click", message.Headers["List-Unsubscribe-Post"]);
        Assert.Contains("token=TOKEN1\"", message.HtmlBody, StringComparison.Ordinal);
        Assert.Contains("TOKEN1", message.TextBody, StringComparison.Ordinal);
        Assert.Equal("m1@scipapermill.example", message.MessageId);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-~reader~-")]
    [InlineData("-~reader~--~unsubscribe~-.\n-~reader~- \n\n ends in a space \n-~reader~-")]
    [InlineData("Grüße, 論文 — = =3D\t\n.\n.. -~unsubscribe~- -~ no placeholder, -~nobody~- knows this one, and -~this never ends")]
    public async Task Whatever_stands_around_its_placeholders_a_text_arrives_as_it_was_in_short_lines(string text)
    {
        await using var sink = await SmtpSink.StartAsync();
        using var smtp = SmtpSink.Provider(sink.Port);
        text = text.Length == 0 ? text : $"{text}|{string.Concat(Enumerable.Repeat(text, 50))}|{new string('é', 300)}{text}";
        KeyValuePair<string, string>[] values = [new(Placeholder.Reader, new string('r', 400)), new(Placeholder.Unsubscribe, "Zürich=")];
        var batch = Outgoing.Batch(Outgoing.Letter(1) with { Substitutions = values }) with { Html = text, Text = text };
        Assert.IsType<SendOutcome.Accepted>(Assert.Single(await smtp.SendAsync(batch, Cancellation)));

        var mail = Mail(sink, "m1@");
        using var message = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(mail)), Cancellation);
        Assert.Equal(Placeholder.Fill(text, values), message.TextBody!.ReplaceLineEndings("\n"));
        Assert.Equal(Placeholder.Fill(text, values), message.HtmlBody!.ReplaceLineEndings("\n"));
        Assert.All(message.BodyParts.OfType<TextPart>(), p => Assert.Equal(("utf-8", ContentEncoding.QuotedPrintable), (p.ContentType.Charset, p.ContentTransferEncoding)));
        Assert.All(mail[mail.IndexOf("\n\n", StringComparison.Ordinal)..].Split('\n'), line => Assert.InRange(line.Length, 0, 76));
    }

    [Fact]
    public async Task No_name_or_subject_can_add_a_header()
    {
        await using var sink = await SmtpSink.StartAsync();
        using var smtp = SmtpSink.Provider(sink.Port);
        const string nasty = "Hello\r\nBcc: everyone@example.com\r\n\r\nbody";
        var batch = Outgoing.Batch(Outgoing.Letter(1, name: nasty)) with { Subject = nasty, Headers = new Dictionary<string, string> { ["X-Test"] = nasty } };
        Assert.IsType<SendOutcome.Accepted>(Assert.Single(await smtp.SendAsync(batch, Cancellation)));

        using var message = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(Mail(sink, "m1@"))), Cancellation);
        Assert.Empty(message.Bcc);
        Assert.Equal("Hello Bcc: everyone@example.com body", message.Subject);
    }

    [Fact]
    public async Task An_address_with_a_line_break_never_reaches_a_server()
    {
        using var smtp = SmtpSink.Provider(SmtpSink.FreePort());
        var outcome = Assert.Single(await smtp.SendAsync(Outgoing.Batch(Outgoing.Letter(1, "a@example.com>\r\nRCPT TO:<b@example.com")), Cancellation));
        Assert.True(Assert.IsType<SendOutcome.Rejected>(outcome).AddressIsBad);
    }

    // -q and -Q name the command at which the server leaves; -r refuses for now, -f for good.
    [Theory]
    [InlineData("-r", "rcpt", typeof(SendOutcome.Deferred))]
    [InlineData("-r", ".", typeof(SendOutcome.Deferred))]
    [InlineData("-f", ".", typeof(SendOutcome.Rejected))]
    [InlineData("-f", "rcpt", typeof(SendOutcome.Rejected))]
    [InlineData("-Q", "mail", typeof(SendOutcome.Deferred))]
    [InlineData("-q", "mail", typeof(SendOutcome.Deferred))]
    [InlineData("-q", ".", typeof(SendOutcome.Unknown))]
    public async Task Each_fault_has_its_meaning(string option, string command, Type outcome)
    {
        await using var sink = await SmtpSink.StartAsync(option, command);
        using var smtp = SmtpSink.Provider(sink.Port);
        Assert.IsType(outcome, Assert.Single(await smtp.SendAsync(Outgoing.Many(1), Cancellation)));
    }

    // 5.1.x and a disabled mailbox are the address's fault; a full one, policy and what has no number are not, nor is anything that may be tried again.
    [Theory]
    [InlineData(SmtpErrorCode.RecipientNotAccepted, 550, "5.1.1 no such user", "5.1.1", true)]
    [InlineData(SmtpErrorCode.RecipientNotAccepted, 550, "5.2.1 disabled", "5.2.1", true)]
    [InlineData(SmtpErrorCode.RecipientNotAccepted, 550, "no such user", "550", true)]
    [InlineData(SmtpErrorCode.RecipientNotAccepted, 552, "5.2.2 mailbox full", "5.2.2", false)]
    [InlineData(SmtpErrorCode.RecipientNotAccepted, 550, "5.7.1 not from you", "5.7.1", false)]
    [InlineData(SmtpErrorCode.SenderNotAccepted, 550, "5.1.8 bad sender", "5.1.8", false)]
    [InlineData(SmtpErrorCode.MessageNotAccepted, 554, "rejected", "554", false)]
    [InlineData(SmtpErrorCode.RecipientNotAccepted, 450, "4.2.1 greylisted", "4.2.1", null)]
    [InlineData(SmtpErrorCode.RecipientNotAccepted, 452, "4.2.2 mailbox full", "4.2.2", null)]
    [InlineData(SmtpErrorCode.UnexpectedStatusCode, 421, "too many connections", "421", null)]
    public void Each_refusal_has_its_meaning(SmtpErrorCode stage, int status, string text, string code, bool? isAddressBad)
    {
        var outcome = SmtpAnswer.Of("k", new SmtpCommandException(stage, (SmtpStatusCode)status, text));
        Assert.Equal(isAddressBad, (outcome as SendOutcome.Rejected)?.AddressIsBad);
        Assert.Equal((code, text), outcome switch
        {
            SendOutcome.Rejected rejected => (rejected.Code, rejected.Text),
            SendOutcome.Deferred deferred => (deferred.Code, deferred.Text),
            _ => ("", ""),
        });
    }

    [Fact]
    public async Task A_server_that_is_away_makes_the_letter_wait()
    {
        using var smtp = SmtpSink.Provider(SmtpSink.FreePort());
        var outcome = Assert.IsType<SendOutcome.Deferred>(Assert.Single(await smtp.SendAsync(Outgoing.Many(1), Cancellation)));
        Assert.Equal("connect", outcome.Code);
    }

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\nContent-Type: text/html\r\n\r\n<html>no</html>")]
    [InlineData("22")]
    [InlineData("")]
    [InlineData("554 5.7.1 go away\r\n")]
    public async Task A_server_that_speaks_something_else_or_nothing_is_away_and_the_letter_waits(string greeting)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var serving = Task.Run(async () =>
        {
            while (true)
            {
                using var client = await listener.AcceptTcpClientAsync(Cancellation);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(greeting), Cancellation);
            }
        }, Cancellation);
        using var smtp = SmtpSink.Provider(((IPEndPoint)listener.LocalEndpoint).Port);

        var outcome = Assert.IsType<SendOutcome.Deferred>(Assert.Single(await smtp.SendAsync(Outgoing.Many(1), Cancellation)));

        Assert.True(outcome.IsAway);
        listener.Stop();
        await Assert.ThrowsAnyAsync<Exception>(() => serving);
    }

    [Fact]
    public async Task A_kept_connection_that_the_server_ended_is_replaced()
    {
        var server = new OneLetterServer();
        await using (server)
        {
            using var smtp = SmtpSink.Provider(server.Port);
            for (var i = 0; i < 3; i++) Assert.IsType<SendOutcome.Accepted>(Assert.Single(await smtp.SendAsync(Outgoing.Many(1), Cancellation)));
        }
        Assert.Equal(3, server.Connections);
    }

    [Fact]
    public async Task Without_the_encryption_that_is_asked_for_nothing_is_sent()
    {
        await using var server = new OneLetterServer();
        using var provider = new SmtpProvider(new() { Host = "127.0.0.1", Port = server.Port, Security = SmtpSecurity.StartTls }, TimeProvider.System);
        var outcome = Assert.IsType<SendOutcome.Deferred>(Assert.Single(await provider.SendAsync(Outgoing.Many(1), Cancellation)));
        Assert.Equal("tls", outcome.Code);
    }

    [Fact]
    public async Task A_batch_of_large_letters_arrives_whole()
    {
        await using var sink = await SmtpSink.StartAsync();
        using var smtp = SmtpSink.Provider(sink.Port);
        var batch = Outgoing.Many(300) with { Html = string.Concat(Enumerable.Repeat("<p>Twenty-eight thousand bytes of letter.</p>", 640)) };

        Assert.All(await smtp.SendAsync(batch, Cancellation), o => Assert.IsType<SendOutcome.Accepted>(o));

        await Eventually.TrueAsync(() => Task.FromResult(sink.Mails.Count == 300), "three hundred letters");
    }

    [Fact]
    public async Task A_signed_letter_verifies_and_its_unsubscribe_headers_are_signed()
    {
        using var key = RSA.Create(2048);
        await using var sink = await SmtpSink.StartAsync();
        using var smtp = SmtpSink.Provider(sink.Port, new() { Domain = "scipapermill.example", Selector = "s1", PrivateKey = key.ExportPkcs8PrivateKeyPem() });
        await smtp.SendAsync(Outgoing.Batch(Outgoing.Letter(1)) with { Text = "Grüße …\n" + new string('x', 2000) }, Cancellation);

        var raw = Mail(sink, "m1@");
        // The server puts lines of its own before the message.
        var start = raw.IndexOf("DKIM-Signature", StringComparison.OrdinalIgnoreCase);
        using var message = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(raw[start..])), Cancellation);
        var signature = message.Headers[HeaderId.DkimSignature];
        Assert.Contains("List-Unsubscribe-Post", signature, StringComparison.OrdinalIgnoreCase);
        var verifier = new DkimVerifier(new Locator(key)) { };
        Assert.True(await verifier.VerifyAsync(message, message.Headers[message.Headers.IndexOf(HeaderId.DkimSignature)], Cancellation));
    }

    private static string Mail(SmtpSink sink, string messageId) => sink.Mails.Single(m => m.Contains(messageId, StringComparison.Ordinal));

    private sealed class Locator(RSA key) : DkimPublicKeyLocatorBase
    {
        public override AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            PublicKeyFactory.CreateKey(key.ExportSubjectPublicKeyInfo());

        public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }

    /// <summary>Takes one letter per connection and then hangs up, without STARTTLS.</summary>
    private sealed class OneLetterServer : IAsyncDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _loop;

        public OneLetterServer()
        {
            _listener.Start();
            _loop = Task.Run(ServeAsync);
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;
        public int Connections { get; private set; }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            _listener.Stop();
            await _loop.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _stop.Dispose();
        }

        private async Task ServeAsync()
        {
            while (!_stop.IsCancellationRequested)
            {
                using var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                using var reader = new StreamReader(client.GetStream());
                await using var writer = new StreamWriter(client.GetStream()) { NewLine = "\r\n", AutoFlush = true };
                await writer.WriteLineAsync("220 test");
                var inData = false;
                while (await reader.ReadLineAsync(_stop.Token) is { } line)
                {
                    if (inData && line != ".") continue;
                    if (line == ".")
                    {
                        Connections++;
                        await writer.WriteLineAsync("250 2.0.0 Ok: queued as 4Zx1");
                        break;
                    }
                    inData = line.StartsWith("DATA", StringComparison.OrdinalIgnoreCase);
                    await writer.WriteLineAsync(inData ? "354 go on" : "250 ok");
                }
            }
        }
    }
}
