using System.Net;
using System.Text;
using Newsletter.Mailer.Storage;

namespace Newsletter.Mailer.Tests.Bounces;

public sealed class BounceWebhookTests(BounceFixture fixture) : IClassFixture<BounceFixture>
{
    [Fact]
    public async Task Nothing_is_written_for_who_does_not_show_the_token()
    {
        var mail = "From: a@example.com\r\n\r\nhello"u8.ToArray();
        foreach (var (token, path, expected) in ((string?, string, HttpStatusCode)[])
        [
            (null, "/webhooks/smtp", HttpStatusCode.Unauthorized),
            ("", "/webhooks/smtp", HttpStatusCode.Unauthorized),
            ("wrong", "/webhooks/smtp", HttpStatusCode.Unauthorized),
            (BounceFixture.Token[..^1], "/webhooks/smtp", HttpStatusCode.Unauthorized),
            ($"Basic {BounceFixture.Token}", "/webhooks/smtp", HttpStatusCode.Unauthorized),
            (BounceFixture.RelayToken, "/webhooks/smtp", HttpStatusCode.Unauthorized),
            (BounceFixture.Token, "/webhooks/smtp/relay", HttpStatusCode.Unauthorized),
            (BounceFixture.Token, "/webhooks/smtp/nobody", HttpStatusCode.NotFound),
        ])
        {
            using var answer = await fixture.PostMailAsync(mail, token, path);
            Assert.Equal(expected, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
        Assert.Equal(0, await fixture.CallsAsync());
    }

    [Fact]
    public async Task Empty_and_oversized_mails_are_refused()
    {
        using var empty = await fixture.PostMailAsync([]);
        Assert.Equal(HttpStatusCode.BadRequest, empty.StatusCode);
        using var large = await fixture.PostMailAsync(Encoding.ASCII.GetBytes(new string('a', (2 << 20) + 1)));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, large.StatusCode);
        Assert.Equal(0, await fixture.CallsAsync());
    }

    [Fact]
    public async Task Each_mail_server_has_a_token_of_its_own()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        using var answer = await fixture.PostMailAsync(await fixture.SampleAsync("postfix-unknown-user", mailed, mailed.Readers[0]), BounceFixture.RelayToken, "/webhooks/smtp/relay");
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await fixture.SettleAsync();
        Assert.Equal(DeliveryState.Bounced, (await mailed.LettersAsync(fixture.Mailer)).Single().State);
    }

    [Fact]
    public async Task A_weak_token_is_named_at_the_start()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => Newsletter.Tests.Harness.ServiceUnderTest.StartAsync(
            "mailer", b => b.AddMailer(), a => a.MapMailer(), [new("SendGrid:ApiKey", "SG.test"), new("Smtp:Bounces:Token", "short")]));
        Assert.Contains("Smtp__Bounces__Token", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("short", error.Message, StringComparison.Ordinal);
    }
}
