using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Mailer.Tests.Senders;

/// <summary>Bug class: letters that a fallback carries under a domain whose DNS does not know the fallback, and that receivers throw away.</summary>
public sealed class SenderFallbackTests
{
    private const string Domain = "own.example";

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Letters_have_their_own_sender_only_through_the_provider_that_its_domain_is_set_up_for()
    {
        await using var smtp = new FakeSmtp();
        await using var dns = new TestDns();
        await using var mailer = await MailerUnderTest.StartAsync(settings:
        [
            new("Mail:Provider", "sendgrid"), new("Mail:Fallback", "smtp"), new("Mail:CircuitFailures", "1"), new("Smtp:Host", "127.0.0.1"), new("Smtp:Port", $"{smtp.Port}"),
            new("Smtp:Security", "None"), new("Dns:Server", dns.Address),
        ]);
        var publication = await mailer.PublicationAsync();
        var owner = publication.As(Role.Owner);
        (await owner.PutAsJsonAsync($"{publication.Api}/senders", new { name = "Own", address = $"letters@{Domain}" }, Cancellation)).EnsureSuccessStatusCode();
        dns.Write($"_newsletter.{Domain}", $"newsletter-publication={publication.Id}");
        dns.Write($"s1._domainkey.{Domain}", "k=rsa; p=MIGfMA0GCSqGSIb3");
        dns.Write(Domain, "v=spf1 include:sendgrid.net ~all");
        dns.Write($"_dmarc.{Domain}", "v=DMARC1; p=none");
        using var put = await owner.PutAsJsonAsync($"{publication.Api}/senders/domains/{Domain}", new { selectors = new { sendgrid = "s1" } }, Cancellation);
        Assert.Equal(["sendgrid"], (await put.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("verifiedFor").EnumerateArray().Select(p => p.GetString()));

        await TestAsync();
        mailer.Provider.Answer = _ => Task.FromResult(StatusCodes.Status503ServiceUnavailable);
        await TestAsync();
        await TestAsync();

        Assert.Equal($"letters@{Domain}", mailer.Provider.Mails.Single().From);
        Assert.Contains($"<{publication.Slug}@mail.example>", smtp.Texts.Single(), StringComparison.Ordinal);
        Assert.DoesNotContain(Domain, smtp.Texts.Single(), StringComparison.Ordinal);

        async Task TestAsync()
        {
            using var answer = await publication.As(Role.Editor).PostAsJsonAsync(
                $"{publication.Api}/letters/test", new { post = publication.Post("A test"), to = "staff@example.com" }, Json.Options, Cancellation);
        }
    }
}
