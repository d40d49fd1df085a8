using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Newsletter.Tests.Harness;
using SendGrid;
using SendGrid.Helpers.Mail;

namespace Newsletter.Sandbox.Tests;

public sealed class MailTests : IAsyncLifetime
{
    private readonly SandboxUnderTest sandbox = new();

    public ValueTask InitializeAsync() => sandbox.InitializeAsync();

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task A_thousand_letters_of_one_call_are_each_their_own()
    {
        var response = await sandbox.SendGrid().SendEmailAsync(Letter([.. Enumerable.Range(0, 1000).Select(i => $"Reader{i}@Example.com")]));

        Assert.Equal(HttpStatusCode.Accepted, response.StatusCode);
        Assert.Empty(await response.Body.ReadAsStringAsync());
        Assert.NotEmpty(response.Headers.GetValues("X-Message-Id").Single());
        var letter = Assert.Single(await sandbox.MessagesAsync("reader7@example.com"))!.AsObject();
        Assert.Equal("Reader7@Example.com", (string?)letter["to"]);
        Assert.Equal("News <news@example.com>", (string?)letter["from"]);
        Assert.Equal("Hello Reader7@Example.com", (string?)letter["subject"]);
        Assert.Equal("<p>Dear Reader7@Example.com</p>", (string?)letter["html"]);
        Assert.Equal("Dear Reader7@Example.com", (string?)letter["text"]);
        Assert.Equal("<https://example.com/unsubscribe/7>", (string?)letter["headers"]!["List-Unsubscribe"]);
        Assert.Equal("7", (string?)letter["customArgs"]!["delivery"]);

        await Eventually.TrueAsync(() => Task.FromResult(Reports().Count >= 2000), "processed and delivered of each");
        var reports = Reports();
        Assert.Equal(2000, reports.Select(report => (string)report["sg_event_id"]!).Distinct().Count());
        Assert.Equal(1000, reports.Where(report => (string?)report["event"] == "delivered").Select(report => (string)report["delivery"]!).Distinct().Count());
    }

    [Theory]
    [InlineData("reader+bounce@example.com", "processed bounce")]
    [InlineData("reader+blocked@example.com", "processed bounce")]
    [InlineData("defer@example.com", "processed deferred delivered")]
    [InlineData("drop@example.com", "dropped")]
    [InlineData("reader+spam@example.com", "processed delivered spamreport")]
    [InlineData("bounce@elsewhere.test.invalid", "processed delivered")]
    public async Task An_address_on_a_reserved_domain_says_what_becomes_of_its_mail(string address, string fate)
    {
        await sandbox.SendGrid().SendEmailAsync(Letter([address]));

        var kinds = fate.Split(' ');
        await Eventually.TrueAsync(() => Task.FromResult(Reports().Count >= kinds.Length), fate);
        Assert.Equal(kinds, Reports().Select(report => (string)report["event"]!));
        if (kinds[^1] == "bounce")
        {
            Assert.Equal(address.Contains("blocked", StringComparison.Ordinal) ? "blocked" : "bounce", (string?)Reports()[^1]["type"]);
        }
    }

    [Fact]
    public async Task What_a_reader_does_is_reported_with_the_letter_it_was_done_to()
    {
        var sent = await sandbox.SendGrid().SendEmailAsync(Letter(["ann@example.com"]));
        await sandbox.ControlAsync("sendgrid/engage", new { to = "Ann@example.com", kind = "machine_open" });
        await sandbox.ControlAsync("sendgrid/engage", new { to = "ann@example.com", kind = "click", url = "https://example.com/posts/july" });

        await Eventually.TrueAsync(() => Task.FromResult(Reports().Count >= 4), "four events");
        var open = Reports().Single(report => (string?)report["event"] == "open");
        var click = Reports().Single(report => (string?)report["event"] == "click");
        Assert.True((bool)open["sg_machine_open"]!);
        Assert.Equal("https://example.com/posts/july", (string?)click["url"]);
        Assert.Equal("0", (string?)click["delivery"]);
        Assert.StartsWith(sent.Headers.GetValues("X-Message-Id").Single() + ".", (string)click["sg_message_id"]!, StringComparison.Ordinal);
        Assert.Equal("roundup", (string?)click["category"]);
    }

    [Fact]
    public async Task Events_come_twice_with_the_same_id_when_asked()
    {
        await sandbox.ControlAsync("sendgrid/faults", new { repeatEvents = 1, shuffleEvents = true });
        await sandbox.SendGrid().SendEmailAsync(Letter(["ann@example.com"]));

        await Eventually.TrueAsync(() => Task.FromResult(Reports().Count >= 4), "two events twice");
        Assert.Equal(2, Reports().Select(report => (string)report["sg_event_id"]!).Distinct().Count());
    }

    [Fact]
    public async Task Too_many_requests_are_answered_as_often_as_asked()
    {
        await sandbox.ControlAsync("sendgrid/faults", new { status = 429, count = 1, retryAfter = 3 });

        var refused = await sandbox.SendGrid().SendEmailAsync(Letter(["ann@example.com"]));
        var taken = await sandbox.SendGrid().SendEmailAsync(Letter(["ann@example.com"]));

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.Accepted), (refused.StatusCode, taken.StatusCode));
        Assert.Equal("3", refused.Headers.GetValues("Retry-After").Single());
        Assert.Equal("0", refused.Headers.GetValues("X-RateLimit-Remaining").Single());
        Assert.Single(await sandbox.MessagesAsync("ann@example.com"));
    }

    [Fact]
    public async Task A_timeout_after_acceptance_has_sent_the_mail()
    {
        await sandbox.ControlAsync("sendgrid/faults", new { timeoutAfterAccept = true, count = 1 });
        using var patience = new CancellationTokenSource();

        var sending = sandbox.SendGrid().SendEmailAsync(Letter(["ann@example.com"]), patience.Token);
        await Eventually.TrueAsync(async () => (await sandbox.MessagesAsync("ann@example.com")).Count > 0, "the mail");
        patience.CancelAfter(TimeSpan.FromSeconds(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);

        Assert.Single(await sandbox.MessagesAsync("ann@example.com"));
    }

    [Fact]
    public async Task A_connection_that_is_cut_after_acceptance_has_sent_the_mail_whose_events_come_when_they_are_let_go()
    {
        await sandbox.ControlAsync("sendgrid/faults", new { dropAfterAccept = true, holdEvents = true, count = 1 });

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => sandbox.SendGrid().SendEmailAsync(Letter(["ann@example.com"])));
        await sandbox.SendGrid().SendEmailAsync(Letter(["ann@example.com"]));

        Assert.Equal(2, (await sandbox.MessagesAsync("ann@example.com")).Count);
        Assert.Empty(Reports());
        await sandbox.ControlAsync("sendgrid/faults", new { });
        await Eventually.TrueAsync(() => Task.FromResult(Reports().Count >= 4), "two events of each");
    }

    [Theory]
    [InlineData("personalizations", "{}")]
    [InlineData("personalizations", """{"personalizations":[]}""")]
    [InlineData("from.email", """{"from":{"email":"nobody"}}""")]
    [InlineData("from.email", """{"from":null}""")]
    [InlineData("from.name", """{"from":{"email":"a@example.com","name":"One; two"}}""")]
    [InlineData("personalizations.0.to", """{"personalizations":[{"to":[{"email":"a@example.com"},{"email":"A@example.com"}]}]}""")]
    [InlineData("personalizations.0.to", """{"personalizations":[{"to":[]}]}""")]
    [InlineData("personalizations.0.headers.Subject", """{"personalizations":[{"to":[{"email":"a@example.com"}],"headers":{"Subject":"x"}}]}""")]
    [InlineData("personalizations.0.headers.X-A", """{"personalizations":[{"to":[{"email":"a@example.com"}],"headers":{"X-A":"1\r\nBcc: b@example.com"}}]}""")]
    [InlineData("subject", """{"subject":""}""")]
    [InlineData("content", """{"content":[]}""")]
    [InlineData("content", """{"content":[{"type":"text/html","value":"<p>"},{"type":"text/plain","value":"t"}]}""")]
    [InlineData("send_at", """{"send_at":99999999999}""")]
    [InlineData("template_id", """{"template_id":"d-1"}""")]
    [InlineData("categories", """{"categories":["1","2","3","4","5","6","7","8","9","10","11"]}""")]
    [InlineData(null, """{"personalizations":[null]}""")]
    public async Task A_wrong_request_is_refused_with_the_field_that_is_wrong(string? field, string change)
    {
        var body = JsonNode.Parse("""
            {"from":{"email":"news@example.com"},"subject":"s","content":[{"type":"text/plain","value":"t"}],"personalizations":[{"to":[{"email":"a@example.com"}]}]}
            """)!.AsObject();
        foreach (var (name, value) in JsonNode.Parse(change)!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        if (change == "{}")
        {
            body.Remove("personalizations");
        }

        using var response = await PostAsync(body.ToJsonString());

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        var errors = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["errors"]!.AsArray();
        Assert.Contains(field, errors.Select(error => (string?)error!["field"]));
        Assert.Empty(await sandbox.MessagesAsync("a@example.com"));
    }

    [Fact]
    public async Task Tags_within_what_is_substituted_are_not_replaced()
    {
        var letter = Letter(["ann@example.com"]);
        letter.Personalizations[0].Substitutions = new() { ["-name-"] = "-other-", ["-other-"] = "nested" };

        await sandbox.SendGrid().SendEmailAsync(letter);

        var mail = Assert.Single(await sandbox.MessagesAsync("ann@example.com"))!.ToJsonString();
        Assert.Contains("-other-", mail, StringComparison.Ordinal);
        Assert.DoesNotContain("nested", mail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_exceeds_the_limits_of_a_personalization_is_refused()
    {
        var substitutions = Letter(["a@example.com"]);
        substitutions.Personalizations[0].Substitutions["-big-"] = new string('x', 10_001);
        var many = Letter([.. Enumerable.Range(0, 1001).Select(i => $"r{i}@example.com")]);

        Assert.Equal(HttpStatusCode.BadRequest, (await sandbox.SendGrid().SendEmailAsync(substitutions)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await sandbox.SendGrid().SendEmailAsync(many)).StatusCode);
    }

    [Fact]
    public async Task Bodies_above_thirty_megabytes_and_foreign_keys_are_refused()
    {
        using var large = await PostAsync(new string(' ', (30 * 1024 * 1024) + 1));
        using var foreign = await PostAsync("{}", "Bearer sk_test_house");
        using var malformed = await PostAsync("{");

        Assert.Equal(
            (HttpStatusCode.RequestEntityTooLarge, HttpStatusCode.Unauthorized, HttpStatusCode.BadRequest),
            (large.StatusCode, foreign.StatusCode, malformed.StatusCode));
    }

    [Fact]
    public async Task Mail_for_later_is_reported_when_its_time_has_come()
    {
        var letter = Letter(["ann@example.com"]);
        letter.SendAt = sandbox.Time.GetUtcNow().AddHours(2).ToUnixTimeSeconds();
        await sandbox.SendGrid().SendEmailAsync(letter);
        await sandbox.SendGrid().SendEmailAsync(Letter(["bob@example.com"]));
        await Eventually.TrueAsync(() => Task.FromResult(Reports().Count >= 2), "the events of the mail for now");
        Assert.DoesNotContain(Reports(), report => (string?)report["email"] == "ann@example.com");

        sandbox.Time.Advance(TimeSpan.FromHours(2));

        await Eventually.TrueAsync(() => Task.FromResult(Reports().Count >= 4), "the events of the mail for later");
    }

    private IReadOnlyList<JsonObject> Reports() => sandbox.Receiver.Reports(sandbox.Keys.SendGridWebhookKey);

    private Task<HttpResponseMessage> PostAsync(string body, string authorization = "Bearer SG.house.key")
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/sandbox/sendgrid/v3/mail/send")
        {
            Content = new StringContent(body, Encoding.UTF8, "application/json"),
            Headers = { { "Authorization", authorization } },
        };
        return sandbox.Http.SendAsync(request);
    }

    internal static SendGridMessage Letter(IReadOnlyList<string> recipients) => new()
    {
        From = new("news@example.com", "News"),
        Subject = "Hello -name-",
        PlainTextContent = "Dear -name-",
        HtmlContent = "<p>Dear -name-</p>",
        Categories = ["roundup"],
        Personalizations =
        [
            .. recipients.Select((address, i) => new Personalization
            {
                Tos = [new(address)],
                Substitutions = new() { ["-name-"] = address },
                CustomArgs = new() { ["delivery"] = $"{i}" },
                Headers = new() { ["List-Unsubscribe"] = $"<https://example.com/unsubscribe/{i}>" },
            }),
        ],
    };
}
