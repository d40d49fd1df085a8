using System.Net;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Newsletter.Defaults.Pages;

namespace Newsletter.Defaults.Tests;

public sealed partial class PagesTests : IAsyncLifetime
{
    private static readonly SiteInfo Site = new(
        "Paper & Mill", "Digests", "http://localhost:8080/paper", "en", "#0f766e", "1 Mill Lane", HasPlans: true);

    private static readonly PageInfo Page = new("A </title><script>alert(1)</script>")
    {
        CanonicalUrl = "http://localhost:8080/paper/posts/a",
        JsonLd = new JsonObject { ["headline"] = "</script><script>alert(1)</script>" },
    };

    private readonly HttpClient client = new();
    private WebApplication app = null!;

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddRazorComponents();
        app = builder.Build();
        app.MapSiteAssets();
        app.MapGet("/page", () => new RazorComponentResult<Shell>(new { Site, Page }));
        app.MapGet("/problem", () => new RazorComponentResult<ProblemPage>(new { Status = 404, Title = "No such publication" }));
        await app.StartAsync(TestContext.Current.CancellationToken);
        client.BaseAddress = new Uri(app.Urls.Single());
    }

    public async ValueTask DisposeAsync()
    {
        client.Dispose();
        await app.DisposeAsync();
    }

    [Fact]
    public async Task Text_of_a_publisher_cannot_become_a_script()
    {
        var html = await Read("/page");

        Assert.DoesNotContain("<script>", html, StringComparison.OrdinalIgnoreCase);
        var data = StructuredData().Match(html).Groups[1].Value;
        Assert.Equal(Page.JsonLd!["headline"]!.GetValue<string>(), JsonNode.Parse(data)!["headline"]!.GetValue<string>());
    }

    [Fact]
    public async Task Every_link_of_the_shell_starts_with_the_address_of_its_publication()
    {
        var links = Links().Matches(await Read("/page")).Select(match => WebUtility.HtmlDecode(match.Groups[1].Value)).ToList();

        Assert.Contains("http://localhost:8080/paper/subscribe", links);
        Assert.All(links, link => Assert.Matches("^(http://localhost:8080/paper/|/assets/|data:image/|#main$)", link));
    }

    [Fact]
    public async Task A_problem_outside_any_publication_names_none()
    {
        var html = await Read("/problem");

        Assert.Contains("No such publication", html, StringComparison.Ordinal);
        Assert.DoesNotContain("masthead", html, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("site.css", "br")]
    [InlineData("site.js", "gzip")]
    [InlineData("site.css", null)]
    public async Task An_asset_is_kept_for_good_under_its_hash_and_not_sent_twice(string name, string? encoding)
    {
        using var first = await Get(SiteAssets.Url(name), encoding);

        Assert.Equal(TimeSpan.FromDays(365), first.Headers.CacheControl?.MaxAge);
        Assert.Equal(encoding is null ? [] : [encoding], first.Content.Headers.ContentEncoding);
        using var second = await Get(SiteAssets.Url(name), encoding, first.Headers.ETag!.ToString());
        Assert.Equal(HttpStatusCode.NotModified, second.StatusCode);
    }

    [Fact]
    public async Task An_asset_under_the_hash_of_another_release_is_soon_asked_for_again()
    {
        using var response = await Get("/assets/site.css?v=000000000000", encoding: null);

        Assert.True(response.Headers.CacheControl?.MaxAge <= TimeSpan.FromMinutes(5));
        Assert.Equal(HttpStatusCode.NotFound, (await Get("/assets/other.css", encoding: null)).StatusCode);
    }

    private Task<string> Read(string path) => client.GetStringAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);

    private async Task<HttpResponseMessage> Get(string path, string? encoding, string? etag = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (encoding is not null)
        {
            request.Headers.Add("Accept-Encoding", encoding);
        }

        if (etag is not null)
        {
            request.Headers.Add("If-None-Match", etag);
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    [GeneratedRegex("""<script type="application/ld\+json">(.*?)</script>""")]
    private static partial Regex StructuredData();

    [GeneratedRegex("(?:href|action|src)=\"([^\"]*)\"")]
    private static partial Regex Links();
}
