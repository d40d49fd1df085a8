using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using MimeKit;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Providers;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Bounces;

/// <summary>What leaves over SMTP comes back as a mail: the letter that a server got is the one that its bounce is of.</summary>
public sealed class RoundTripTests : IAsyncLifetime
{
    private const string ReturnPath = "bounces@news.example";
    private SmtpSink _sink = null!;
    private MailerUnderTest _mailer = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _sink = await SmtpSink.StartAsync();
        _mailer = await MailerUnderTest.StartAsync(settings:
        [
            new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{_sink.Port}"), new("Smtp:Security", "None"), new("Smtp:ReturnPath", ReturnPath),
            new("Smtp:Bounces:Token", BounceFixture.Token),
        ]);
    }

    public async ValueTask DisposeAsync()
    {
        await _mailer.DisposeAsync();
        await _sink.DisposeAsync();
    }

    [Fact]
    public async Task A_letter_that_bounces_is_bounced_and_its_reader_gets_no_more()
    {
        var publication = await _mailer.PublicationAsync();
        var gone = await publication.JoinAsync("gone");
        await publication.JoinAsync("there");
        var edition = await publication.PublishAsync(publication.Post("First"));
        await _mailer.SentAsync(edition.Id);
        var mail = _sink.Mails.Single(m => m.Contains("gone@example.com", StringComparison.Ordinal));
        Assert.Contains($"X-Mail-Args: <{ReturnPath}>", mail, StringComparison.Ordinal);

        await BounceAsync(BounceFixture.Sample("postfix-unknown-user", await MessageIdAsync(mail), "gone@example.com"));
        await _mailer.LedgerBecomesAsync(edition.Id, (DeliveryState.Bounced, 1), (DeliveryState.Accepted, 1));
        using var owner = publication.As(Role.Owner);
        using var address = JsonDocument.Parse(await owner.GetStringAsync($"{publication.Api}/deliverability?address=gone@example.com", Cancellation));
        Assert.Equal(
            ("bounced", "5.1.1", "letters", gone.Id),
            (address.RootElement.GetProperty("status").GetString(), address.RootElement.GetProperty("reason").GetString(), address.RootElement.GetProperty("scope").GetString(),
                address.RootElement.GetProperty("subscriberId").GetGuid()));

        var next = await publication.PublishAsync(publication.Post("Second"));
        await _mailer.SentAsync(next.Id);
        Assert.DoesNotContain(await DeliveriesAsync(next.Id), d => d.SubscriberId == gone.Id && d.State == DeliveryState.Accepted);
    }

    [Fact]
    public async Task Mail_to_one_person_bounces_too()
    {
        var publication = await _mailer.PublicationAsync();
        var reader = await publication.JoinAsync("typo");
        var command = new SendTransactionalMail
        {
            MailId = Guid.CreateVersion7(),
            PublicationId = publication.Id,
            SubscriberId = reader.Id,
            To = "typo@example.com",
            Template = TransactionalTemplate.Confirmation,
            Values = new Dictionary<string, string> { ["link"] = "https://pub.example/confirm?token=abc", ["unsubscribe"] = "https://pub.example/unsubscribe?token=u" },
            ExpiresAt = DateTimeOffset.UtcNow.AddHours(1),
        };
        await _mailer.Service.PublishAsync(command);
        await Eventually.TrueAsync(() => Task.FromResult(_sink.Mails.Any(m => m.Contains("typo@example.com", StringComparison.Ordinal))), "mail sent");
        var id = await MessageIdAsync(_sink.Mails.Single(m => m.Contains("typo@example.com", StringComparison.Ordinal)));

        await BounceAsync(BounceFixture.Sample("postfix-unknown-user", id, "typo@example.com"));
        await _mailer.Service.SentAsync<DeliverabilityChanged>(e => e.PublicationId == publication.Id && e.Addresses[0].Id == reader.Id);
    }

    private static async Task<string> MessageIdAsync(string mail)
    {
        using var message = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(mail)), Cancellation);
        return message.MessageId!;
    }

    private async Task BounceAsync(byte[] mail)
    {
        using var content = new ByteArrayContent(mail);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/smtp") { Content = content };
        request.Headers.Authorization = new("Bearer", BounceFixture.Token);
        using var answer = await _mailer.Service.Anonymous().SendAsync(request, Cancellation);
        Assert.Equal(System.Net.HttpStatusCode.NoContent, answer.StatusCode);
    }

    private Task<List<Delivery>> DeliveriesAsync(Guid edition) => _mailer.WithDbAsync(db => db.Deliveries.AsNoTracking().Where(d => d.EditionId == edition).ToListAsync());
}
