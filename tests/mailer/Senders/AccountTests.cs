using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Senders;

/// <summary>Publications with mail accounts of their own, beside others that use the installation's.</summary>
public sealed class AccountTests : IAsyncLifetime
{
    private const string Key = "SG.a-key-that-nobody-may-read.wxyz";
    private readonly FakeSmtp _smtp = new();
    private MailerUnderTest _mailer = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;
    private static IEnumerable<KeyValuePair<string, string?>> OwnHosts => [new("Mail:PrivateHosts", "true")];

    public async ValueTask InitializeAsync() => _mailer = await MailerUnderTest.StartAsync(settings: OwnHosts);

    public async ValueTask DisposeAsync()
    {
        await _mailer.DisposeAsync();
        await _smtp.DisposeAsync();
    }

    [Fact]
    public async Task Letters_leave_through_the_publications_own_account_and_those_of_others_through_the_installations()
    {
        var (own, other) = (await _mailer.PublicationAsync(), await _mailer.PublicationAsync());
        await own.JoinAsync("own");
        await other.JoinAsync("other");
        await OpenAsync(own);

        await _mailer.SentAsync((await own.PublishAsync(own.Post("Own"))).Id);
        var theirs = await other.PublishAsync(other.Post("Theirs"));
        await _mailer.SentAsync(theirs.Id);

        Assert.Equal(["own@example.com"], _smtp.Letters);
        Assert.Equal(["other@example.com"], _mailer.Provider.Mails.Select(m => m.To));
        var batches = await _mailer.WithDbAsync(db => db.Batches.AsNoTracking().Where(b => b.PublicationId == own.Id).ToListAsync());
        Assert.Equal(["smtp"], batches.Select(b => b.Provider));
    }

    [Fact]
    public async Task Mail_to_one_person_takes_the_same_way()
    {
        var publication = await _mailer.PublicationAsync();
        await OpenAsync(publication);
        await _mailer.Service.PublishAsync(new SendTransactionalMail
        {
            MailId = Guid.CreateVersion7(),
            PublicationId = publication.Id,
            To = "reader@example.com",
            Template = TransactionalTemplate.SignIn,
            Values = new Dictionary<string, string> { ["link"] = "https://example.com/", ["code"] = "123456" },
            ExpiresAt = DateTimeOffset.UtcNow.AddMinutes(15),
        });
        await Eventually.TrueAsync(() => Task.FromResult(_smtp.Letters.Contains("reader@example.com")), "the mail");
    }

    [Fact]
    public async Task Another_process_sees_a_change_within_seconds_and_so_that_the_account_was_taken_away()
    {
        await using var second = await MailerUnderTest.StartAsync(useDatabase: _mailer.Service.Database, provider: _mailer.Provider, settings: OwnHosts);
        var publication = await _mailer.PublicationAsync();
        await TestAsync(second, publication);
        Assert.Single(_mailer.Provider.Mails);

        await OpenAsync(publication);
        await Eventually.TrueAsync(async () =>
        {
            await TestAsync(second, publication);
            return _smtp.Letters.Count > 0;
        }, "a letter through the new account");

        (await publication.As(Role.Owner).DeleteAsync($"{publication.Api}/senders/accounts/first", Cancellation)).EnsureSuccessStatusCode();
        var before = _mailer.Provider.Mails.Count;
        await Eventually.TrueAsync(async () =>
        {
            await TestAsync(second, publication);
            return _mailer.Provider.Mails.Count > before;
        }, "a letter through the installation's");
    }

    [Fact]
    public async Task Credentials_go_in_and_never_come_out()
    {
        var publication = await _mailer.PublicationAsync();
        using var put = await PutAsync(publication, "first", new { provider = "sendgrid", apiKey = Key });
        put.EnsureSuccessStatusCode();

        var told = await publication.As(Role.Owner).GetStringAsync($"{publication.Api}/senders/accounts", Cancellation);
        Assert.DoesNotContain(Key, told + await put.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        var account = JsonElement.Parse(told).GetProperty("items")[0];
        Assert.Equal(("wxyz", true, "sendgrid"), (account.GetProperty("hint").GetString(), account.GetProperty("own").GetBoolean(), account.GetProperty("provider").GetString()));

        var row = await _mailer.WithDbAsync(db => db.MailAccounts.AsNoTracking().SingleAsync(a => a.PublicationId == publication.Id));
        Assert.DoesNotContain(Key, JsonSerializer.Serialize(row), StringComparison.Ordinal);
        var entry = await _mailer.Service.SentAsync<StaffActed>(a => a.PublicationId == publication.Id && a.Action == "PUT senders/accounts/{role}");
        Assert.DoesNotContain(entry.Changes, c => $"{c.Before}{c.After}".Contains("wxyz", StringComparison.Ordinal));
        Assert.True(entry.Changes.Single(c => c.Property == "secrets").Withheld);
    }

    [Fact]
    public async Task What_is_not_given_again_stays_but_is_never_told_to_another_server()
    {
        var publication = await _mailer.PublicationAsync();
        object At(string host, string? password) => new { provider = "smtp", host, username = "user", password };
        Assert.Equal(HttpStatusCode.BadRequest, (await PutAsync(publication, "first", At("mail.example", null))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(publication, "first", At("mail.example", "a password"))).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await PutAsync(publication, "first", At("mail.example", null))).StatusCode);

        using var elsewhere = await PutAsync(publication, "first", At("mail.attacker.example", null));

        Assert.Equal(HttpStatusCode.BadRequest, elsewhere.StatusCode);
        Assert.Contains("password", await elsewhere.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"provider":"pigeon"}""", "provider")]
    [InlineData("""{"provider":"sendgrid"}""", "apiKey")]
    [InlineData("""{"provider":"sendgrid","apiKey":"two words here"}""", "apiKey")]
    [InlineData("""{"provider":"sendgrid","apiKey":"SG.0123456789","webhookKey":"no key"}""", "webhookKey")]
    [InlineData("""{"provider":"smtp"}""", "host")]
    [InlineData("""{"provider":"smtp","host":"no host"}""", "host")]
    [InlineData("""{"provider":"smtp","host":"mail.example","port":0}""", "port")]
    [InlineData("""{"provider":"smtp","host":"mail.example","security":"magic"}""", "security")]
    [InlineData("""{"provider":"smtp","host":"mail.example","security":"none","username":"u","password":"p"}""", "security")]
    [InlineData("""{"provider":"smtp","host":"mail.example","spf":"all"}""", "spf")]
    [InlineData("""{"provider":"smtp","host":"mail.example","dkimDomain":"a.example","dkimSelector":"s","dkimPrivateKey":"no key"}""", "dkimPrivateKey")]
    [InlineData("""{"provider":"smtp","host":"mail.example","dkimDomain":"a.example"}""", "dkimSelector")]
    [InlineData("""{"provider":"ses","accessKey":"AKIAIOSFODNN7EXAMPLE","secretKey":"0123456789abcdef"}""", "region")]
    [InlineData("""{"provider":"ses","accessKey":"AKIAIOSFODNN7EXAMPLE","secretKey":"0123456789abcdef","region":"eu-central-1.evil.example/"}""", "region")]
    [InlineData("""{"provider":"ses","accessKey":"AKIAIOSFODNN7EXAMPLE","region":"eu-central-1"}""", "secretKey")]
    [InlineData("""{"provider":"ses","accessKey":"AKIAIOSFODNN7EXAMPLE","secretKey":"0123456789abcdef","region":"eu-central-1","topic":"a topic"}""", "topic")]
    public async Task What_no_letter_could_leave_through_is_refused_by_its_name(string json, string field)
    {
        var publication = await _mailer.PublicationAsync();

        using var answer = await PutAsync(publication, "first", JsonElement.Parse(json));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        var problem = JsonElement.Parse(await answer.Content.ReadAsStringAsync(Cancellation));
        Assert.Contains(problem.GetProperty("errors").EnumerateObject(), e => e.Name.Equals(field, StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    [InlineData("169.254.169.254")]
    [InlineData("::1")]
    [InlineData("::ffff:192.168.0.1")]
    public async Task Addresses_of_our_own_network_are_for_the_installation_alone(string host)
    {
        await using var mailer = await MailerUnderTest.StartAsync(useDatabase: _mailer.Service.Database, provider: _mailer.Provider);
        var publication = await mailer.PublicationAsync();

        using var answer = await PutAsync(publication, "first", new { provider = "smtp", host });

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Fact]
    public async Task A_name_that_leads_into_our_own_network_is_not_followed()
    {
        await using var mailer = await MailerUnderTest.StartAsync(useDatabase: _mailer.Service.Database, provider: _mailer.Provider);
        var publication = await mailer.PublicationAsync();
        (await PutAsync(publication, "first", new { provider = "smtp", host = "localhost", port = _smtp.Port, security = "startTls" })).EnsureSuccessStatusCode();

        Assert.Equal(HttpStatusCode.ServiceUnavailable, await TestAsync(mailer, publication));
        Assert.Equal(0, _smtp.Connections);
    }

    private static Task<HttpResponseMessage> PutAsync(TestPublication publication, string role, object account) =>
        publication.As(Role.Owner).PutAsJsonAsync($"{publication.Api}/senders/accounts/{role}", account, Cancellation);

    private async Task OpenAsync(TestPublication publication) =>
        (await PutAsync(publication, "first", new { provider = "smtp", host = "127.0.0.1", port = _smtp.Port, security = "none" })).EnsureSuccessStatusCode();

    private static async Task<HttpStatusCode> TestAsync(MailerUnderTest mailer, TestPublication publication)
    {
        using var answer = await mailer.Service.As(Role.Editor, publication.Id).PostAsJsonAsync(
            $"{publication.Api}/letters/test", new { post = publication.Post("A test"), to = "staff@example.com" }, Json.Options, Cancellation);
        return answer.StatusCode;
    }
}
