using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Providers;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Webhooks;

/// <summary>What SES tells through SNS, signed by a certificate that the test made.</summary>
public sealed class SesWebhookTests : IAsyncLifetime
{
    private const string Topic = "arn:aws:sns:eu-central-1:123456789012:letters";
    private const string CertificateUrl = "https://sns.eu-central-1.amazonaws.com/SimpleNotificationService-0123.pem";
    private readonly RSA _key = RSA.Create(2048);
    private FakeSes _ses = null!;
    private ServiceUnderTest _mailer = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ses = await FakeSes.StartAsync();
        using var certificate = new CertificateRequest("CN=sns.amazonaws.com", _key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(30));
        _ses.Certificate = certificate.ExportCertificatePem();
        _mailer = await ServiceUnderTest.StartAsync("mailer", b => b.AddMailer(), a => a.MapMailer(),
        [
            new("Ses:AccessKey", FakeSes.AccessKey), new("Ses:SecretKey", FakeSes.SecretKey), new("Ses:Region", FakeSes.Region), new("Ses:ApiBase", _ses.Address),
            new("Ses:SnsBase", _ses.Address), new("Ses:Topic", Topic),
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        await _mailer.DisposeAsync();
        await _ses.DisposeAsync();
        _key.Dispose();
    }

    [Theory]
    [InlineData("1")]
    [InlineData("2")]
    public async Task Events_move_the_ledger(string version)
    {
        var mailed = await MailedEdition.CreateAsync(_mailer, 5);
        await TellAsync(Event(mailed, 0, "Delivery", "delivery", new JsonObject { ["timestamp"] = "2026-11-26T10:00:00.123Z" }), version);
        await TellAsync(Event(mailed, 1, "Bounce", "bounce", Bounce("Permanent", "5.1.1", "smtp; 550 5.1.1 <ada@example.com> unknown")), version);
        await TellAsync(Event(mailed, 2, "Bounce", "bounce", Bounce("Transient", "5.2.2", "smtp; 552 mailbox full", MailedEdition.AddressOf(mailed.Readers[2]))), version);
        await TellAsync(Event(mailed, 3, "Complaint", "complaint", new JsonObject { ["complainedRecipients"] = new JsonArray() }), version);
        var click = Envelope(Event(mailed, 4, "Click", "click", new JsonObject { ["link"] = "https://example.com/" }), version);
        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.NoContent, await PostAsync(click));
        await SettleAsync();

        var letters = (await mailed.LettersAsync(_mailer)).ToDictionary(d => d.SubscriberId);
        Assert.Equal(DeliveryState.Delivered, letters[mailed.Readers[0]].State);
        Assert.Equal((DeliveryState.Bounced, "5.1.1"), (letters[mailed.Readers[1]].State, letters[mailed.Readers[1]].Reason));
        Assert.Equal((DeliveryState.Bounced, "5.2.2"), (letters[mailed.Readers[2]].State, letters[mailed.Readers[2]].Reason));
        // A full mailbox today is a good address still.
        var full = await _mailer.WithDbAsync<MailerDb, AddressStatus>(db => db.AddressStatuses.AsNoTracking().SingleAsync(a => a.SubscriberId == mailed.Readers[2]));
        Assert.Equal((Contracts.Deliverability.Ok, 1), (full.Status, full.SoftBounces));
        Assert.NotNull(letters[mailed.Readers[3]].ComplainedAt);
        Assert.Equal(1, (await mailed.CountersAsync(_mailer)).Clicks);
    }

    [Fact]
    public async Task What_SNS_did_not_sign_for_this_topic_lately_is_refused_and_no_stranger_is_asked_for_a_certificate()
    {
        var mailed = await MailedEdition.CreateAsync(_mailer, 1);
        var told = Event(mailed, 0, "Delivery", "delivery", []);
        JsonObject Changed(Action<JsonObject> change)
        {
            var envelope = Envelope(told);
            change(envelope);
            return envelope;
        }
        JsonObject[] wrong =
        [
            Changed(e => e["Message"] = e["Message"]!.GetValue<string>().Replace("Delivery", "Bounce", StringComparison.Ordinal)),
            Changed(e => e["Signature"] = Convert.ToBase64String(new byte[256])),
            Changed(e => e["Signature"] = "no base64"),
            Changed(e => e.Remove("Signature")),
            Changed(e => e["SignatureVersion"] = "3"),
            Envelope(told, topic: "arn:aws:sns:eu-central-1:123456789012:others"),
            Envelope(told, at: DateTimeOffset.UtcNow.AddDays(-2)),
            .. ((string[])
            [
                "https://sns.eu-central-1.amazonaws.com.evil.example/x.pem", "https://evil.example/sns.eu-central-1.amazonaws.com/x.pem", "http://sns.eu-central-1.amazonaws.com/x.pem",
                "https://s3.eu-central-1.amazonaws.com/x.pem", "https://sns.eu-central-1.amazonaws.com@evil.example/x.pem", "https://sns.eu-central-1.amazonaws.com:8443/x.pem",
                "https://sns.eu-central-1.amazonaws.com/?Action=Publish", "file:///etc/ssl/x.pem", "",
            ]).Select(url => Envelope(told, certificate: url)),
        ];
        foreach (var envelope in wrong) Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(envelope));
        foreach (var body in (string[])["", "{", "[]", "<html>", "{}", """{"Type":"Notification"}""", """{"Type":7,"MessageId":[]}""", """{"Type":"Notification","MessageId":"\ud800"}"""]) Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(body));

        Assert.All(_ses.SnsCalls, path => Assert.Equal(new Uri(CertificateUrl).AbsolutePath, path));
        Assert.All(await mailed.LettersAsync(_mailer), d => Assert.Equal(DeliveryState.Accepted, d.State));
    }

    [Theory]
    [InlineData("sns.us-east-1.amazonaws.com", HttpStatusCode.NoContent)]
    [InlineData("sns.us-gov-west-1.amazonaws.com", HttpStatusCode.NoContent)]
    [InlineData("sns.cn-north-1.amazonaws.com.cn", HttpStatusCode.NoContent)]
    // The old address of anybody's bucket by the name of sns.
    [InlineData("sns.s3-us-west-2.amazonaws.com", HttpStatusCode.BadRequest)]
    public async Task Certificates_are_taken_from_the_hosts_of_SNS_in_its_regions_only(string host, HttpStatusCode expected)
    {
        Assert.Equal(expected, await PostAsync(Envelope("Hello", certificate: $"https://{host}/of-this-host.pem")));
        Assert.Equal(expected == HttpStatusCode.NoContent, _ses.SnsCalls.Contains("/of-this-host.pem"));
    }

    [Fact]
    public async Task A_signed_message_that_means_nothing_to_us_is_taken_and_changes_nothing()
    {
        foreach (var message in (string[])["Hello, this is not JSON", "{\"half\":", "[1]", "{\"eventType\":\"Rocket\"}", "{\"eventType\":\"Delivery\",\"mail\":{\"tags\":{\"edition\":\"x\"}}}", "{\"eventType\":7}", "{\"eventType\":\"Delivery\",\"mail\":{\"tags\":{\"edition\":[\"\\ud800\"]}}}"])
            Assert.Equal(HttpStatusCode.NoContent, await PostAsync(Envelope(message)));
        await SettleAsync();
    }

    [Fact]
    public async Task A_subscription_of_the_topic_is_confirmed_and_that_of_another_is_not()
    {
        const string Path = "/?Action=ConfirmSubscription&Token=t0k3n";
        Assert.Equal(HttpStatusCode.BadRequest, await PostAsync(Confirmation($"https://sns.eu-central-1.amazonaws.com{Path}", topic: "arn:aws:sns:eu-central-1:123456789012:others")));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, await PostAsync(Confirmation($"https://evil.example{Path}")));
        Assert.DoesNotContain(Path, _ses.SnsCalls);

        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(Confirmation($"https://sns.eu-central-1.amazonaws.com{Path}")));

        Assert.Single(_ses.SnsCalls, path => path == Path);
    }

    [Fact]
    public async Task An_account_that_nobody_has_takes_nothing() =>
        Assert.Equal(HttpStatusCode.NotFound, await PostAsync(Envelope("x"), $"/webhooks/ses/{Guid.NewGuid():N}"));

    private static JsonObject Bounce(string type, string status, string said, string address = "ada@example.com") => new()
    {
        ["bounceType"] = type,
        ["bounceSubType"] = "General",
        ["bouncedRecipients"] = new JsonArray(new JsonObject { ["emailAddress"] = address, ["status"] = status, ["diagnosticCode"] = said }),
    };

    private static string Event(MailedEdition mailed, int reader, string kind, string facts, JsonObject more) => new JsonObject
    {
        ["eventType"] = kind,
        ["mail"] = new JsonObject
        {
            ["timestamp"] = "2026-11-26T09:59:00.000Z",
            ["messageId"] = "0102",
            ["destination"] = new JsonArray(MailedEdition.AddressOf(mailed.Readers[reader])),
            ["tags"] = new JsonObject
            {
                ["ses:source-ip"] = new JsonArray("192.0.2.1"),
                ["publication"] = new JsonArray(mailed.Publication.ToString("N")),
                ["edition"] = new JsonArray(mailed.Edition.ToString("N")),
                ["subscriber"] = new JsonArray(mailed.Readers[reader].ToString("N")),
                ["batch"] = new JsonArray(mailed.Batch.ToString("N")),
            },
        },
        [facts] = more,
    }.ToJsonString();

    private JsonObject Envelope(string message, string version = "2", string topic = Topic, DateTimeOffset? at = null, string certificate = CertificateUrl)
    {
        var envelope = new JsonObject
        {
            ["Type"] = "Notification",
            ["MessageId"] = Guid.NewGuid().ToString(),
            ["TopicArn"] = topic,
            ["Subject"] = "Amazon SES Email Event Notification",
            ["Message"] = message,
            ["Timestamp"] = (at ?? DateTimeOffset.UtcNow).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", System.Globalization.CultureInfo.InvariantCulture),
            ["SignatureVersion"] = version,
            ["SigningCertURL"] = certificate,
        };
        return Signed(envelope, "Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type");
    }

    private JsonObject Confirmation(string url, string topic = Topic)
    {
        var envelope = Envelope("You have chosen to subscribe.", topic: topic);
        (envelope["Type"], envelope["Token"], envelope["SubscribeURL"]) = ("SubscriptionConfirmation", "t0k3n", url);
        envelope.Remove("Subject");
        return Signed(envelope, "Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type");
    }

    private JsonObject Signed(JsonObject envelope, params string[] names)
    {
        var text = string.Concat(names.Select(name => $"{name}\n{envelope[name]!.GetValue<string>()}\n"));
        var hash = envelope["SignatureVersion"]!.GetValue<string>() == "1" ? HashAlgorithmName.SHA1 : HashAlgorithmName.SHA256;
        envelope["Signature"] = Convert.ToBase64String(_key.SignData(Encoding.UTF8.GetBytes(text), hash, RSASignaturePadding.Pkcs1));
        return envelope;
    }

    private async Task TellAsync(string message, string version)
    {
        Assert.Equal(HttpStatusCode.NoContent, await PostAsync(Envelope(message, version)));
        await SettleAsync();
    }

    private Task<HttpStatusCode> PostAsync(JsonObject envelope, string path = "/webhooks/ses") => PostAsync(envelope.ToJsonString(), path);

    private async Task<HttpStatusCode> PostAsync(string body, string path = "/webhooks/ses")
    {
        using var content = new StringContent(body, Encoding.UTF8, "text/plain");
        using var answer = await _mailer.Anonymous().PostAsync(new Uri(path, UriKind.Relative), content, Cancellation);
        return answer.StatusCode;
    }

    private Task SettleAsync() => Eventually.TrueAsync(() => _mailer.WithDbAsync<MailerDb, bool>(async db => !await db.WebhookCalls.AnyAsync()), "webhook calls worked out");
}
