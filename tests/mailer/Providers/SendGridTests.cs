using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Newsletter.Mailer.Providers;

namespace Newsletter.Mailer.Tests.Providers;

public sealed class SendGridTests
{
    private const string Errors = """{"errors":[{"message":"it went wrong","field":null,"help":null}]}""";
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_thousand_letters_go_in_one_call_each_with_what_is_its_own()
    {
        await using var fake = await FakeSendGrid.StartAsync();
        var outcomes = await fake.Provider.SendAsync(Outgoing.Many(1000), Cancellation);

        Assert.All(outcomes, o => Assert.Equal("abc123", Assert.IsType<SendOutcome.Accepted>(o).ProviderMessageId));
        Assert.Equal(1000, outcomes.Select(o => o.Key).Distinct().Count());
        var call = Assert.Single(fake.Calls);
        Assert.Equal("Bearer SG.test", fake.Authorization);
        Assert.Equal(1000, call.GetProperty("personalizations").GetArrayLength());
        var letter = call.GetProperty("personalizations")[7];
        Assert.Equal("reader7@example.com", letter.GetProperty("to")[0].GetProperty("email").GetString());
        Assert.Equal("TOKEN7", letter.GetProperty("substitutions").GetProperty("-~unsubscribe~-").GetString());
        Assert.Equal("<https://scipapermill.example/unsubscribe?token=TOKEN7&newsletter=posts>", letter.GetProperty("headers").GetProperty("List-Unsubscribe").GetString());
        Assert.Equal("s7", letter.GetProperty("custom_args").GetProperty("subscriber").GetString());
        Assert.Equal("List-Unsubscribe=One-Click", call.GetProperty("headers").GetProperty("List-Unsubscribe-Post").GetString());
        Assert.Equal(["text/plain", "text/html"], call.GetProperty("content").EnumerateArray().Select(c => c.GetProperty("type").GetString()));
        var tracking = call.GetProperty("tracking_settings");
        Assert.False(tracking.GetProperty("click_tracking").GetProperty("enable").GetBoolean());
        Assert.False(tracking.GetProperty("open_tracking").GetProperty("enable").GetBoolean());
    }

    [Fact]
    public async Task No_name_subject_or_header_can_add_a_line()
    {
        await using var fake = await FakeSendGrid.StartAsync();
        const string nasty = "A; B, C\r\nBcc: everyone@example.com";
        var letter = Outgoing.Letter(1, name: nasty) with { Headers = new Dictionary<string, string> { ["X-Test"] = nasty } };
        await fake.Provider.SendAsync(Outgoing.Batch(letter) with { Subject = nasty, From = new("a@example.com", nasty), Headers = new Dictionary<string, string> { ["X-Batch"] = nasty } }, Cancellation);

        var call = Assert.Single(fake.Calls);
        var personal = call.GetProperty("personalizations")[0];
        string[] values =
        [
            call.GetProperty("subject").GetString()!, call.GetProperty("from").GetProperty("name").GetString()!, call.GetProperty("headers").GetProperty("X-Batch").GetString()!,
            personal.GetProperty("to")[0].GetProperty("name").GetString()!, personal.GetProperty("headers").GetProperty("X-Test").GetString()!,
        ];
        Assert.All(values, v => Assert.DoesNotContain('\n', v));
        Assert.All(values, v => Assert.DoesNotContain('\r', v));
        Assert.Equal("A B C Bcc: everyone@example.com", personal.GetProperty("to")[0].GetProperty("name").GetString());
    }

    [Theory]
    [InlineData("a@example.com\r\nRCPT TO:<b@example.com>")]
    [InlineData("a b@example.com")]
    [InlineData("nobody")]
    public async Task An_address_that_is_none_costs_only_its_own_letter(string address)
    {
        await using var fake = await FakeSendGrid.StartAsync();
        var outcomes = await fake.Provider.SendAsync(Outgoing.Batch(Outgoing.Letter(1, address), Outgoing.Letter(2)), Cancellation);
        Assert.True(Assert.IsType<SendOutcome.Rejected>(outcomes.Single(o => o.Key == "k1")).AddressIsBad);
        Assert.IsType<SendOutcome.Accepted>(outcomes.Single(o => o.Key == "k2"));
    }

    [Fact]
    public async Task A_letter_that_the_refusal_names_is_taken_out_and_the_others_go()
    {
        await using var fake = await FakeSendGrid.StartAsync();
        fake.Answer = async (http, body) =>
        {
            if (body.GetProperty("personalizations").GetArrayLength() == 3)
            {
                http.Response.StatusCode = 400;
                await http.Response.WriteAsync("""{"errors":[{"message":"Does not contain a valid address.","field":"personalizations.1.to.0.email"}]}""");
                return;
            }
            await FakeSendGrid.Accept(http, body);
        };
        var outcomes = await fake.Provider.SendAsync(Outgoing.Many(3), Cancellation);

        Assert.True(Assert.IsType<SendOutcome.Rejected>(outcomes.Single(o => o.Key == "k1")).AddressIsBad);
        Assert.Equal(2, outcomes.OfType<SendOutcome.Accepted>().Count());
        Assert.Equal(2, fake.Calls.Count);
    }

    [Fact]
    public async Task An_address_that_two_subscribers_share_gets_both_letters_in_two_calls()
    {
        await using var fake = await FakeSendGrid.StartAsync();
        var outcomes = await fake.Provider.SendAsync(Outgoing.Batch(Outgoing.Letter(1, "a@example.com"), Outgoing.Letter(2, "A@example.com")), Cancellation);
        Assert.Equal(2, outcomes.OfType<SendOutcome.Accepted>().Count());
        Assert.Equal(2, fake.Calls.Count);
    }

    [Fact]
    public async Task Too_many_requests_wait_as_long_as_they_are_told()
    {
        await using var fake = await FakeSendGrid.StartAsync();
        fake.Answer = FakeSendGrid.With(429, Errors, "application/json", ("Retry-After", "17"));
        var first = Assert.IsType<SendOutcome.Deferred>(Assert.Single(await fake.Provider.SendAsync(Outgoing.Many(1), Cancellation)));
        Assert.Equal((TimeSpan.FromSeconds(17), "429"), (first.RetryAfter, first.Code));

        fake.Answer = FakeSendGrid.With(429, Errors, "application/json", ("X-RateLimit-Reset", DateTimeOffset.UtcNow.AddSeconds(40).ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture)));
        var second = Assert.IsType<SendOutcome.Deferred>(Assert.Single(await fake.Provider.SendAsync(Outgoing.Many(1), Cancellation)));
        Assert.InRange(second.RetryAfter!.Value.TotalSeconds, 20, 41);
    }

    [Theory]
    // Its own words: not taken.
    [InlineData(500, Errors, typeof(SendOutcome.Deferred))]
    [InlineData(503, "<html>Service Unavailable</html>", typeof(SendOutcome.Deferred))]
    // Somebody else's words, or half of its own: it may have been taken.
    [InlineData(500, "<html>Oops</html>", typeof(SendOutcome.Unknown))]
    [InlineData(502, "<html>Bad Gateway</html>", typeof(SendOutcome.Unknown))]
    [InlineData(504, """{"errors":[{"mess""", typeof(SendOutcome.Unknown))]
    [InlineData(200, "<html>Welcome to the hotel</html>", typeof(SendOutcome.Unknown))]
    [InlineData(302, "", typeof(SendOutcome.Unknown))]
    // Ours to mend: the letters wait.
    [InlineData(401, Errors, typeof(SendOutcome.Deferred))]
    [InlineData(403, Errors, typeof(SendOutcome.Deferred))]
    [InlineData(404, "<html>Not Found</html>", typeof(SendOutcome.Deferred))]
    [InlineData(400, "<html>Bad Request</html>", typeof(SendOutcome.Deferred))]
    // The letter is at fault.
    [InlineData(400, Errors, typeof(SendOutcome.Rejected))]
    [InlineData(413, Errors, typeof(SendOutcome.Rejected))]
    public async Task Each_answer_has_its_meaning(int status, string body, Type outcome)
    {
        await using var fake = await FakeSendGrid.StartAsync();
        fake.Answer = FakeSendGrid.With(status, body, body.StartsWith('<') ? "text/html" : "application/json");
        var answers = await fake.Provider.SendAsync(Outgoing.Many(2), Cancellation);
        Assert.Equal(2, answers.Count);
        Assert.All(answers, o => Assert.IsType(outcome, o));
        Assert.All(answers.OfType<SendOutcome.Rejected>(), o => Assert.False(o.AddressIsBad));
    }

    [Fact]
    public async Task A_call_that_is_not_answered_in_time_may_have_been_taken()
    {
        await using var fake = await FakeSendGrid.StartAsync(TimeSpan.FromSeconds(1));
        fake.Answer = (http, _) => Task.Delay(Timeout.Infinite, http.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        var outcome = Assert.IsType<SendOutcome.Unknown>(Assert.Single(await fake.Provider.SendAsync(Outgoing.Many(1), Cancellation)));
        Assert.Equal("timeout", outcome.Code);
    }

    [Fact]
    public async Task A_connection_that_breaks_after_the_mail_was_sent_may_have_delivered_it()
    {
        await using var fake = await FakeSendGrid.StartAsync();
        fake.Answer = (http, _) =>
        {
            http.Abort();
            return Task.CompletedTask;
        };
        Assert.IsType<SendOutcome.Unknown>(Assert.Single(await fake.Provider.SendAsync(Outgoing.Many(1), Cancellation)));
    }

    [Fact]
    public async Task A_provider_that_is_away_makes_the_letters_wait()
    {
        await using var fake = await FakeSendGrid.StartAsync();
        await fake.StopAsync();
        var outcome = Assert.IsType<SendOutcome.Deferred>(Assert.Single(await fake.Provider.SendAsync(Outgoing.Many(1), Cancellation)));
        Assert.Equal("connect", outcome.Code);
    }

    [Fact]
    public async Task Personal_parts_beyond_the_limit_cost_only_their_own_letter()
    {
        await using var fake = await FakeSendGrid.StartAsync();
        var large = Outgoing.Letter(1) with { Substitutions = new Dictionary<string, string> { ["-~x~-"] = new('x', 10_001) } };
        var outcomes = await fake.Provider.SendAsync(Outgoing.Batch(large, Outgoing.Letter(2)), Cancellation);
        Assert.Equal("too_large", Assert.IsType<SendOutcome.Rejected>(outcomes.Single(o => o.Key == "k1")).Code);
        Assert.IsType<SendOutcome.Accepted>(outcomes.Single(o => o.Key == "k2"));
    }
}
