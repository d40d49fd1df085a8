using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using MimeKit;
using MimeKit.Cryptography;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Senders;
using Newsletter.Mailer.Storage;
using Newsletter.Tests.Harness;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Security;

namespace Newsletter.Mailer.Tests.Senders;

/// <summary>From-domains: no letter leaves under one that DNS does not show to be the publication's and set up.</summary>
public sealed class DomainTests : IAsyncLifetime
{
    private readonly FakeSmtp _smtp = new();
    private readonly TestDns _dns = new();
    private readonly string _domain = $"d{Guid.NewGuid().ToString("N")[..8]}.example";
    private MailerUnderTest _mailer = null!;
    private TestPublication _publication = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _mailer = await MailerUnderTest.StartAsync(settings:
        [
            new("Mail:Provider", "smtp"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{_smtp.Port}"), new("Smtp:Security", "None"), new("Smtp:Spf", "include:spf.relay.example"),
            new("Dns:Server", _dns.Address),
        ]);
        _publication = await _mailer.PublicationAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _mailer.DisposeAsync();
        await _smtp.DisposeAsync();
        await _dns.DisposeAsync();
    }

    [Fact]
    public async Task With_all_its_records_letters_leave_under_it_signed_with_its_own_key_unsubscribe_headers_included()
    {
        await _publication.JoinAsync("reader");
        await SenderAsync();
        await WriteAllAsync();

        var domain = await CheckAsync();
        Assert.True(domain.GetProperty("verified").GetBoolean());
        Assert.All(domain.GetProperty("records").EnumerateArray(), r => Assert.Equal("found", r.GetProperty("state").GetString()));
        Assert.True((await SendersAsync()).Single(s => s.GetProperty("address").GetString() == $"letters@{_domain}").GetProperty("verified").GetBoolean());
        await _mailer.SentAsync((await _publication.PublishAsync(_publication.Post("Under its own name"))).Id);

        using var letter = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(_smtp.Texts.Single())), Cancellation);
        Assert.Equal($"letters@{_domain}", letter.From.Mailboxes.Single().Address);
        Assert.Equal($"editors@{_domain}", letter.ReplyTo.Mailboxes.Single().Address);
        var signature = letter.Headers[HeaderId.DkimSignature]!;
        Assert.Contains($"d={_domain}", signature, StringComparison.Ordinal);
        var signed = string.Concat(signature.Where(c => !char.IsWhiteSpace(c))).Split(';').Single(tag => tag.StartsWith("h=", StringComparison.Ordinal))[2..].Split(':');
        Assert.Contains("List-Unsubscribe", signed, StringComparer.OrdinalIgnoreCase);
        Assert.Contains("List-Unsubscribe-Post", signed, StringComparer.OrdinalIgnoreCase);
        var published = RecordOf(domain, "dkim").GetProperty("value").GetString()!;
        Assert.True(await new DkimVerifier(new Locator(published)).VerifyAsync(letter, letter.Headers[letter.Headers.IndexOf(HeaderId.DkimSignature)], Cancellation));
    }

    [Fact]
    public async Task Until_then_they_leave_under_the_installations()
    {
        await _publication.JoinAsync("reader");
        await SenderAsync();
        await WriteAllAsync();
        _dns.Erase($"_dmarc.{_domain}");
        Assert.False((await CheckAsync()).GetProperty("verified").GetBoolean());

        await _mailer.SentAsync((await _publication.PublishAsync(_publication.Post("Not yet"))).Id);

        using var letter = await MimeMessage.LoadAsync(new MemoryStream(Encoding.UTF8.GetBytes(_smtp.Texts.Single())), Cancellation);
        Assert.Equal($"{_publication.Slug}@mail.example", letter.From.Mailboxes.Single().Address);
    }

    [Fact]
    public async Task Each_record_says_whether_it_is_there_and_what_is_there_instead()
    {
        await SenderAsync();
        Assert.All((await CheckAsync()).GetProperty("records").EnumerateArray(), r => Assert.Equal("missing", r.GetProperty("state").GetString()));

        await WriteAllAsync();
        var dkim = RecordOf(await CheckAsync(), "dkim").GetProperty("name").GetString()!;
        _dns.Write($"_newsletter.{_domain}", $"newsletter-publication={Guid.NewGuid()}");
        _dns.Write(_domain, "v=spf1 include:somebody.else.example -all", "google-site-verification=x");
        _dns.Write(dkim, "v=DKIM1; k=rsa; p=AAAA");
        _dns.Write($"_dmarc.{_domain}", "v=DMARC1; p=none", "v=DMARC1; p=reject");
        var domain = await CheckAsync();

        Assert.All(((string[])["owner", "spf", "dkim", "dmarc"]), purpose => Assert.Equal("wrong", RecordOf(domain, purpose).GetProperty("state").GetString()));
        Assert.Equal(["v=spf1 include:somebody.else.example -all"], RecordOf(domain, "spf").GetProperty("found").EnumerateArray().Select(f => f.GetString()));
        Assert.Equal("v=spf1 include:spf.relay.example ~all", RecordOf(domain, "spf").GetProperty("value").GetString());
        Assert.Equal("found", RecordOf(domain, "returnPath").GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_policy_of_the_domain_above_counts()
    {
        var parent = _domain;
        await SenderAsync($"news.{parent}");
        await WriteAllAsync($"news.{parent}");
        _dns.Erase($"_dmarc.news.{parent}");
        _dns.Write($"_dmarc.{parent}", "v=DMARC1; p=quarantine");
        Assert.Equal("found", RecordOf(await CheckAsync($"news.{parent}"), "dmarc").GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_domain_that_another_publication_has_set_up_is_not_ours()
    {
        await SenderAsync();
        await WriteAllAsync();
        var other = await _mailer.PublicationAsync();
        await SenderAsync(publication: other);
        var domain = await CheckAsync(publication: other);
        Assert.False(domain.GetProperty("verified").GetBoolean());
        Assert.Equal(("wrong", "missing"), (RecordOf(domain, "owner").GetProperty("state").GetString(), RecordOf(domain, "dkim").GetProperty("state").GetString()));
    }

    [Fact]
    public async Task A_name_server_that_does_not_answer_changes_nothing()
    {
        await SenderAsync();
        await WriteAllAsync();
        Assert.True((await CheckAsync()).GetProperty("verified").GetBoolean());
        _dns.IsAway = true;
        _mailer.Service.Time.Advance(TimeSpan.FromDays(10));

        var domain = await CheckAsync();

        Assert.True(domain.GetProperty("verified").GetBoolean());
        Assert.All(domain.GetProperty("records").EnumerateArray(), r => Assert.Equal("unknown", r.GetProperty("state").GetString()));
    }

    [Fact]
    public async Task Records_that_stay_away_for_three_days_cost_the_domain_its_letters_and_not_sooner()
    {
        await SenderAsync();
        await WriteAllAsync();
        await CheckAsync();
        _dns.Erase(_domain);

        var failing = await CheckAsync();
        Assert.True(failing.GetProperty("verified").GetBoolean());
        Assert.Equal(JsonValueKind.String, failing.GetProperty("failingSince").ValueKind);
        _mailer.Service.Time.Advance(TimeSpan.FromDays(3.1));

        Assert.False((await CheckAsync()).GetProperty("verified").GetBoolean());
    }

    [Fact]
    public async Task It_is_looked_at_by_itself_once_a_day()
    {
        await SenderAsync();
        await WriteAllAsync();
        await CheckAsync();
        _dns.Erase($"_dmarc.{_domain}");
        var worker = _mailer.Service.Services.GetRequiredService<DomainWorker>();
        _mailer.Service.Time.Advance(TimeSpan.FromHours(25));
        worker.Wake();

        await Eventually.TrueAsync(
            async () => await _mailer.WithDbAsync(db => db.SenderDomains.AnyAsync(d => d.Domain == _domain && d.FailingSince != null)), "a domain that fails");
    }

    [Fact]
    public async Task A_provider_that_signs_itself_is_looked_for_under_the_name_that_staff_give()
    {
        using var account = await _publication.As(Role.Owner).PutAsJsonAsync($"{_publication.Api}/senders/accounts/first", new { provider = "sendgrid", apiKey = "SG.0123456789" }, Cancellation);
        account.EnsureSuccessStatusCode();
        using var put = await _publication.As(Role.Owner).PutAsJsonAsync(
            $"{_publication.Api}/senders/domains/{_domain}", new { selectors = new { sendgrid = "s1" }, returnPath = $"em1.{_domain}" }, Cancellation);
        var first = await put.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
        Assert.Equal($"s1._domainkey.{_domain}", RecordOf(first, "dkim").GetProperty("name").GetString());
        Assert.Equal(JsonValueKind.Null, RecordOf(first, "dkim").GetProperty("value").ValueKind);

        _dns.Write($"_newsletter.{_domain}", $"newsletter-publication={_publication.Id}");
        _dns.Write($"s1._domainkey.{_domain}", "k=rsa; t=s; p=MIGfMA0GCSqGSIb3");
        _dns.Write($"em1.{_domain}", "v=spf1 ip4:192.0.2.7 -all");
        _dns.WriteMail($"em1.{_domain}", "mx.sendgrid.net");
        _dns.Write($"_dmarc.{_domain}", "v=DMARC1; p=none");
        Assert.Equal(["sendgrid"], (await CheckAsync()).GetProperty("verifiedFor").EnumerateArray().Select(p => p.GetString()));

        // A key that was revoked.
        _dns.Write($"s1._domainkey.{_domain}", "k=rsa; p=");
        Assert.Equal("wrong", RecordOf(await CheckAsync(), "dkim").GetProperty("state").GetString());
    }

    [Fact]
    public async Task Its_private_key_is_nowhere_to_be_read()
    {
        await SenderAsync();
        var told = (await CheckAsync()).GetRawText();
        var row = await _mailer.WithDbAsync(db => db.SenderDomains.AsNoTracking().SingleAsync(d => d.Domain == _domain));
        Assert.DoesNotContain("PRIVATE", told + JsonSerializer.Serialize(row), StringComparison.Ordinal);
        var entry = await _mailer.Service.SentAsync<StaffActed>(a => a.PublicationId == _publication.Id && a.Action == "PUT senders");
        Assert.True(entry.Changes.Single(c => c is { Entity: "senderDomain", Property: "dkimPrivateKey" }).Withheld);
    }

    [Theory]
    [InlineData("no-dot", "{}", "domain")]
    [InlineData("-x-.example", "{}", "domain")]
    [InlineData("192.0.2.1", "{}", "domain")]
    [InlineData("a.example", """{"selectors":{"sendgrid":"two words"}}""", "selectors")]
    [InlineData("a.example", """{"selectors":{"sendgrid":null}}""", "selectors")]
    [InlineData("a.example", """{"selectors":{"pigeon":"s1"}}""", "selectors")]
    [InlineData("a.example", """{"returnPath":"em.b.example"}""", "returnPath")]
    public async Task What_is_no_domain_or_no_name_in_it_is_refused(string domain, string json, string field)
    {
        using var answer = await _publication.As(Role.Owner).PutAsJsonAsync($"{_publication.Api}/senders/domains/{domain}", JsonElement.Parse(json), Cancellation);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"\"{field}\"", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
    }

    private async Task SenderAsync(string? domain = null, TestPublication? publication = null)
    {
        publication ??= _publication;
        using var put = await publication.As(Role.Owner).PutAsJsonAsync(
            $"{publication.Api}/senders", new { name = "Own", address = $"letters@{domain ?? _domain}", replyTo = $"editors@{domain ?? _domain}" }, Cancellation);
        put.EnsureSuccessStatusCode();
    }

    /// <summary>What the API asks for, word by word, and a server for bounces.</summary>
    private async Task WriteAllAsync(string? name = null)
    {
        name ??= _domain;
        var domains = await _publication.As(Role.Owner).GetFromJsonAsync<JsonElement>($"{_publication.Api}/senders/domains", Cancellation);
        foreach (var record in domains.GetProperty("items").EnumerateArray().Single(d => d.GetProperty("domain").GetString() == name).GetProperty("records").EnumerateArray())
        {
            if (record.GetProperty("type").GetString() == "MX") _dns.WriteMail(record.GetProperty("name").GetString()!, "mx.relay.example");
            else _dns.Write(record.GetProperty("name").GetString()!, record.GetProperty("value").GetString()!);
        }
    }

    private async Task<JsonElement> CheckAsync(string? domain = null, TestPublication? publication = null)
    {
        publication ??= _publication;
        // Good at the service's own time, which the test may have moved on.
        var lifetime = _mailer.Service.Time.GetUtcNow() - DateTimeOffset.UtcNow + TimeSpan.FromMinutes(5);
        var client = _mailer.Service.Anonymous();
        client.DefaultRequestHeaders.Authorization = new("Bearer", _mailer.Service.Tokens.Sign(Role.Owner, publication.Id, lifetime: lifetime));
        using var answer = await client.PostAsync(new Uri($"{publication.Api}/senders/domains/{domain ?? _domain}/check", UriKind.Relative), null, Cancellation);
        answer.EnsureSuccessStatusCode();
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Json.Options, Cancellation);
    }

    private async Task<List<JsonElement>> SendersAsync() =>
        [.. (await _publication.As(Role.Owner).GetFromJsonAsync<JsonElement>($"{_publication.Api}/senders", Cancellation)).GetProperty("items").EnumerateArray()];

    private static JsonElement RecordOf(JsonElement domain, string purpose) => domain.GetProperty("records").EnumerateArray().Single(r => r.GetProperty("purpose").GetString() == purpose);

    /// <summary>The key as DNS has it.</summary>
    private sealed class Locator(string record) : DkimPublicKeyLocatorBase
    {
        public override AsymmetricKeyParameter LocatePublicKey(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            PublicKeyFactory.CreateKey(Convert.FromBase64String(record[(record.IndexOf("p=", StringComparison.Ordinal) + 2)..]));

        public override Task<AsymmetricKeyParameter> LocatePublicKeyAsync(string methods, string domain, string selector, CancellationToken cancellationToken = default) =>
            Task.FromResult(LocatePublicKey(methods, domain, selector, cancellationToken));
    }
}
