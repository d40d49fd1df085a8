using System.Net;
using System.Text.RegularExpressions;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Tests.Harness;

namespace Newsletter.Content.Tests.Publications;

public sealed class DomainTests(ContentFixture content) : IClassFixture<ContentFixture>
{
    [Fact]
    public async Task A_host_is_an_owner_s_to_take_once_its_DNS_names_the_publication()
    {
        var publication = await content.PublicationAsync();
        var (domain, proof) = ($"{publication.Slug}.example", await ProofAsync(publication));
        using var early = await MoveAsync(publication.Owner, publication, domain);
        Assert.Equal(HttpStatusCode.BadRequest, early.StatusCode);
        var told = (await early.ProblemAsync())["errors"]!["domain"]![0]!.GetValue<string>();
        Assert.Contains($"_newsletter.{domain}", told, StringComparison.Ordinal);
        Assert.Contains(proof, told, StringComparison.Ordinal);
        Assert.EndsWith($"/{publication.Slug}", (await publication.Anonymous.GetJsonAsync(publication.Api)).GetProperty("url").GetString(), StringComparison.Ordinal);

        content.Dns.Write($"_newsletter.{domain}", proof);
        var moved = await publication.Owner.PatchJsonAsync(publication.Api, new { domain });
        Assert.Equal($"https://{domain}", moved.GetProperty("url").GetString());
    }

    [Fact]
    public async Task A_record_that_names_another_publication_proves_nothing()
    {
        var (publication, other) = (await content.PublicationAsync(), await content.PublicationAsync());
        var domain = $"{publication.Slug}.example";
        content.Dns.Write($"_newsletter.{domain}", await ProofAsync(publication));
        using var stolen = await MoveAsync(other.Owner, other, domain);
        Assert.Equal(HttpStatusCode.BadRequest, stolen.StatusCode);
    }

    [Fact]
    public async Task A_name_server_that_fails_is_no_answer()
    {
        var publication = await content.PublicationAsync();
        using var answer = await MoveAsync(publication.Owner, publication, $"{publication.Slug}.broken");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task A_domain_is_kept_and_given_up_without_a_record()
    {
        var publication = await content.PublicationAsync();
        var domain = await content.MoveAsync(publication);
        content.Dns.Erase($"_newsletter.{domain}");
        Assert.Equal($"https://{domain}", (await publication.Owner.PatchJsonAsync(publication.Api, new { domain, tagline = "Still here" })).GetProperty("url").GetString());
        Assert.EndsWith($"/{publication.Slug}", (await publication.Owner.PatchJsonAsync(publication.Api, new { domain = "" })).GetProperty("url").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_domain_whose_record_is_gone_is_counted_and_goes_on()
    {
        var publication = await content.PublicationAsync();
        var domain = await content.MoveAsync(publication);
        content.Dns.Erase($"_newsletter.{domain}");

        // It looks when it starts, and every half hour. The meter is the process's: a service of another test that looked last has the word, until one looks again.
        await Eventually.TrueAsync(CountsAsync, "a domain without proof", TimeSpan.FromMinutes(3));
        Assert.Equal($"https://{domain}", (await publication.Owner.GetJsonAsync(publication.Api)).GetProperty("url").GetString());
    }

    private async Task<bool> CountsAsync()
    {
        await using var another = await ServiceUnderTest.StartAsync("content", b => b.AddContent(), a => a.MapContent(), [new("Dns:Server", content.Dns.Address)], useDatabase: content.Service.Database);
        try
        {
            await Eventually.TrueAsync(
                async () => Regex.IsMatch(await another.Anonymous().GetStringAsync("/metrics"), """newsletter_publication_domains\{.*state="unproven"\} [1-9]"""), "a count", TimeSpan.FromSeconds(20));
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    [Fact]
    public async Task An_operator_moves_a_publication_without_a_record()
    {
        var publication = await content.PublicationAsync();
        var domain = $"{publication.Slug}.example";
        var moved = await content.Service.As(Role.Operator, publication.Id).PatchJsonAsync(publication.Api, new { domain });
        Assert.Equal($"https://{domain}", moved.GetProperty("url").GetString());
        Assert.Equal(domain, (await content.Service.SentAsync<PublicationChanged>(e => e.Publication.BaseUrl == $"https://{domain}")).Publication.BaseUrl[8..]);
    }

    [Fact]
    public async Task The_installation_s_own_hosts_are_nobody_s()
    {
        await using var service = await ServiceUnderTest.StartAsync(
            "content", b => b.AddContent(), a => a.MapContent(),
            [new("Newsletter:Url", "https://letters.example"), new("Newsletter:PagesDomain", "pages.example")], DatabaseKind.Sqlite);
        var made = await service.As(Role.Operator, null).PostJsonAsync("/api/v1/publications", new { slug = "mine", name = "Mine" });
        foreach (var role in new[] { Role.Owner, Role.Operator })
        {
            foreach (var domain in new[] { "letters.example", "letters.example.", "pages.example", "console.pages.example", "uploads.pages.example", "other.pages.example" })
            {
                using var answer = await service.As(role, made.GetProperty("id").GetGuid()).SendAsync(HttpMethod.Patch, "/api/v1/publications/mine", new { domain });
                Assert.True(answer.StatusCode == HttpStatusCode.BadRequest, $"{role} {domain}: {answer.StatusCode}");
            }
        }
    }

    private static async Task<string> ProofAsync(TestPublication publication) =>
        (await publication.Owner.GetJsonAsync(publication.Api)).GetProperty("staff").GetProperty("domainProof").GetString()!;

    private static Task<HttpResponseMessage> MoveAsync(HttpClient client, TestPublication publication, string domain) =>
        client.SendAsync(HttpMethod.Patch, publication.Api, new { domain });
}
