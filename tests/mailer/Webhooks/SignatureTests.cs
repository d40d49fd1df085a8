using System.Net;
using System.Text;
using Newsletter.Mailer.Webhooks;

namespace Newsletter.Mailer.Tests.Webhooks;

public sealed class SignatureTests(WebhookFixture fixture) : IClassFixture<WebhookFixture>
{
    private const string Key = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+2fNNRaINXvVpiglSI8eNEc6wEA3F+g==";
    private const string Signature = "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM=";
    private const string Timestamp = "1600112502";
    private const string Body = """[{"email":"hello@world.com","event":"dropped","reason":"Bounced Address","sg_event_id":"ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA","sg_message_id":"LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0","smtp-id":"<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>","timestamp":1600112492}]""" + "\r\n";
    private static readonly DateTimeOffset Then = DateTimeOffset.FromUnixTimeSeconds(1600112502);
    private static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(10);

    [Fact]
    public void The_official_example_verifies() =>
        Assert.True(SendGridSignature.IsGood(Key, Signature, Timestamp, Encoding.UTF8.GetBytes(Body), Then.AddMinutes(9), Tolerance));

    [Fact]
    public async Task The_official_example_is_taken_at_the_door_and_one_byte_more_is_not()
    {
        await using var mailer = await Newsletter.Tests.Harness.ServiceUnderTest.StartAsync(
            "mailer", b => b.AddMailer(), a => a.MapMailer(), [new("SendGrid:ApiKey", "SG.test"), new("SendGrid:WebhookKey", Key)]);
        mailer.Time.Advance(Then - mailer.Time.GetUtcNow());
        foreach (var (body, expected) in ((string, HttpStatusCode)[])[(Body, HttpStatusCode.NoContent), (Body + "\n", HttpStatusCode.BadRequest)])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/webhooks/sendgrid") { Content = new ByteArrayContent(Encoding.UTF8.GetBytes(body)) };
            request.Headers.TryAddWithoutValidation(SendGridSignature.SignatureHeader, Signature);
            request.Headers.TryAddWithoutValidation(SendGridSignature.TimestampHeader, Timestamp);
            using var answer = await mailer.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(expected, answer.StatusCode);
        }
    }

    [Fact]
    public void One_changed_byte_anywhere_does_not()
    {
        Assert.False(SendGridSignature.IsGood(Key, Signature, Timestamp, Encoding.UTF8.GetBytes(Body.Trim()), Then, Tolerance));
        Assert.False(SendGridSignature.IsGood(Key, Signature, "1600112503", Encoding.UTF8.GetBytes(Body), Then, Tolerance));
        Assert.False(SendGridSignature.IsGood(Key, "MEYC" + Signature[4..], Timestamp, Encoding.UTF8.GetBytes(Body), Then, Tolerance));
    }

    [Theory]
    [InlineData(11)]
    [InlineData(-11)]
    public void A_call_from_another_time_does_not(int minutes) =>
        Assert.False(SendGridSignature.IsGood(Key, Signature, Timestamp, Encoding.UTF8.GetBytes(Body), Then.AddMinutes(minutes), Tolerance));

    [Theory]
    [InlineData(null, Timestamp)]
    [InlineData("", Timestamp)]
    [InlineData("not base64", Timestamp)]
    [InlineData("AAAA", Timestamp)]
    [InlineData(Signature, null)]
    [InlineData(Signature, "soon")]
    [InlineData(Signature, "99999999999999999999")]
    [InlineData(Signature, "9223372036854775807")]
    [InlineData(Signature, "-1")]
    public void Malformed_headers_are_a_refusal_and_no_error(string? signature, string? timestamp) =>
        Assert.False(SendGridSignature.IsGood(Key, signature, timestamp, Encoding.UTF8.GetBytes(Body), Then, Tolerance));

    [Fact]
    public async Task Nothing_is_written_for_a_call_that_is_not_good()
    {
        var good = "[]"u8.ToArray();
        var large = Encoding.UTF8.GetBytes($"[{new string(' ', 9 << 20)}]");
        (Task<HttpResponseMessage> Call, HttpStatusCode Expected)[] calls =
        [
            (fixture.PostAsync(good, signature: "AAAA"), HttpStatusCode.BadRequest),
            (fixture.PostAsync(good, signature: Signature), HttpStatusCode.BadRequest),
            (fixture.PostAsync(good, signature: ""), HttpStatusCode.BadRequest),
            (fixture.PostAsync(good, timestamp: ""), HttpStatusCode.BadRequest),
            (fixture.PostAsync(good, at: DateTimeOffset.UtcNow.AddMinutes(-11)), HttpStatusCode.BadRequest),
            (fixture.PostAsync(good, at: DateTimeOffset.UtcNow.AddMinutes(11)), HttpStatusCode.BadRequest),
            (fixture.PostAsync("{}"u8.ToArray()), HttpStatusCode.BadRequest),
            (fixture.PostAsync("[{\"event\":\"delivered\""u8.ToArray()), HttpStatusCode.BadRequest),
            (fixture.PostAsync("[] []"u8.ToArray()), HttpStatusCode.BadRequest),
            (fixture.PostAsync([]), HttpStatusCode.BadRequest),
            (fixture.PostAsync(Encoding.UTF8.GetBytes(new string('[', 100_000))), HttpStatusCode.BadRequest),
            (fixture.PostAsync(large), HttpStatusCode.RequestEntityTooLarge),
            (fixture.PostAsync(good, path: "/webhooks/sendgrid/nobody"), HttpStatusCode.NotFound),
        ];
        foreach (var (call, expected) in calls)
        {
            using var answer = await call;
            Assert.Equal(expected, answer.StatusCode);
            Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        }
        Assert.Equal(0, await fixture.CallsAsync());
    }

    [Fact]
    public async Task A_named_account_has_a_key_of_its_own()
    {
        using var answer = await fixture.PostAsync("[]"u8.ToArray(), path: "/webhooks/sendgrid/second");
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        await fixture.SettleAsync();
    }
}
