using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Tests.Providers;

public sealed class SesTests : IAsyncLifetime
{
    private FakeSes _ses = null!;
    private ServiceProvider _services = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _ses = await FakeSes.StartAsync();
        var services = new ServiceCollection();
        SesProvider.Register(services);
        _services = services.BuildServiceProvider();
    }

    public async ValueTask DisposeAsync()
    {
        await _services.DisposeAsync();
        await _ses.DisposeAsync();
    }

    /// <summary>AWS's own test suite: get-vanilla and post-vanilla.</summary>
    [Theory]
    [InlineData("GET", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31")]
    [InlineData("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b")]
    public void A_request_is_signed_as_AWS_does_it(string method, string signature)
    {
        using var request = new HttpRequestMessage(new(method), "https://example.amazonaws.com/");
        AwsSignature.Sign(request, [], "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1", "service", new(2015, 8, 30, 12, 36, 0, TimeSpan.Zero));
        Assert.Equal(
            $"AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=host;x-amz-date, Signature={signature}",
            request.Headers.GetValues("Authorization").Single());
    }

    [Fact]
    public async Task A_letter_arrives_whole_with_its_personal_parts_headers_and_tags()
    {
        var outcomes = await Provider().SendAsync(Outgoing.Batch(Outgoing.Letter(1, name: "Ada; Lovelace"), Outgoing.Letter(2)), Cancellation);

        Assert.Equal(["k1", "k2"], outcomes.Select(o => Assert.IsType<SendOutcome.Accepted>(o).Key));
        var letter = _ses.Letters.Single(l => l.Message.To.Mailboxes.Single().Address == "reader1@example.com");
        Assert.Equal("letters@scipapermill.example", letter.Message.From.Mailboxes.Single().Address);
        Assert.Equal("<https://scipapermill.example/unsubscribe?token=TOKEN1&newsletter=posts>", string.Concat(letter.Message.Headers["List-Unsubscribe"]!.Where(c => !char.IsWhiteSpace(c))));
        Assert.Equal("List-Unsubscribe=One-Click", letter.Message.Headers["List-Unsubscribe-Post"]);
        Assert.Contains("token=TOKEN1\"", letter.Message.HtmlBody, StringComparison.Ordinal);
        Assert.Equal(("e", "s1", "b"), (letter.Tags["edition"], letter.Tags["subscriber"], letter.Tags["batch"]));
        Assert.Equal("events", letter.ConfigurationSet);
    }

    [Fact]
    public async Task A_wrong_key_is_the_accounts_fault_and_the_letters_wait()
    {
        var outcome = Assert.IsType<SendOutcome.Deferred>(Assert.Single(await Provider("another secret").SendAsync(Outgoing.Many(1), Cancellation)));
        Assert.Equal(("InvalidSignatureException", true), (outcome.Code, outcome.IsAway));
        Assert.Empty(_ses.Letters);
    }

    [Theory]
    [InlineData(400, """{"message":"Content is bad."}""", "MessageRejected", typeof(SendOutcome.Rejected), false)]
    [InlineData(400, """{"message":"Illegal address"}""", "BadRequestException:http://internal.amazon.com/", typeof(SendOutcome.Rejected), false)]
    // Ours to mend: the letters wait.
    [InlineData(400, """{"message":"Email address is not verified."}""", "MessageRejected", typeof(SendOutcome.Deferred), false)]
    [InlineData(400, """{"message":"no"}""", "MailFromDomainNotVerifiedException", typeof(SendOutcome.Deferred), false)]
    [InlineData(400, """{"message":"no"}""", "AccountSuspendedException", typeof(SendOutcome.Deferred), true)]
    [InlineData(400, """{"message":"no"}""", "SendingPausedException", typeof(SendOutcome.Deferred), true)]
    [InlineData(403, """{"message":"no"}""", "AccessDeniedException", typeof(SendOutcome.Deferred), true)]
    [InlineData(400, "<html>Bad Request</html>", null, typeof(SendOutcome.Deferred), true)]
    // Too fast.
    [InlineData(429, """{"message":"slower"}""", "TooManyRequestsException", typeof(SendOutcome.Deferred), false)]
    [InlineData(400, """{"message":"Daily quota"}""", "LimitExceededException", typeof(SendOutcome.Deferred), false)]
    // Away.
    [InlineData(503, "<html>Service Unavailable</html>", null, typeof(SendOutcome.Deferred), true)]
    [InlineData(500, """{"message":"oops"}""", "InternalServiceErrorException", typeof(SendOutcome.Deferred), true)]
    // Somebody else's words, half of its own, or none: it may have been taken.
    [InlineData(502, "<html>Bad Gateway</html>", null, typeof(SendOutcome.Unknown), false)]
    [InlineData(500, "", null, typeof(SendOutcome.Unknown), false)]
    [InlineData(200, "<html>Welcome to the hotel</html>", null, typeof(SendOutcome.Unknown), false)]
    [InlineData(200, """{"MessageId":"01""", null, typeof(SendOutcome.Unknown), false)]
    [InlineData(200, "", null, typeof(SendOutcome.Unknown), false)]
    [InlineData(200, "[]", null, typeof(SendOutcome.Unknown), false)]
    [InlineData(302, "", null, typeof(SendOutcome.Unknown), false)]
    public async Task Each_answer_has_its_meaning(int status, string body, string? type, Type outcome, bool isAway)
    {
        _ses.Answer = FakeSes.With(status, body, type);
        var answers = await Provider().SendAsync(Outgoing.Many(3), Cancellation);
        Assert.Equal(3, answers.Count);
        Assert.All(answers, o => Assert.IsType(outcome, o));
        Assert.All(answers.OfType<SendOutcome.Deferred>(), o => Assert.Equal(isAway, o.IsAway));
    }

    [Fact]
    public async Task A_connection_that_breaks_may_have_delivered_the_letter_and_one_that_never_came_about_has_not()
    {
        _ses.Answer = http =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        Assert.IsType<SendOutcome.Unknown>(Assert.Single(await Provider().SendAsync(Outgoing.Many(1), Cancellation)));

        var away = Provider(address: $"http://127.0.0.1:{SmtpSink.FreePort()}");
        Assert.True(Assert.IsType<SendOutcome.Deferred>(Assert.Single(await away.SendAsync(Outgoing.Many(1), Cancellation))).IsAway);
    }

    private SesProvider Provider(string secretKey = FakeSes.SecretKey, string? address = null) => new(
        _services.GetRequiredService<IHttpClientFactory>(),
        new() { AccessKey = FakeSes.AccessKey, SecretKey = secretKey, Region = FakeSes.Region, ApiBase = address ?? _ses.Address, ConfigurationSet = "events" }, TimeProvider.System);
}
