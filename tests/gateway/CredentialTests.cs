using System.Net;
using System.Net.Http.Json;
using System.Text;

namespace Newsletter.Gateway.Tests;

/// <summary>Cookies and API keys become tokens, and only where they may.</summary>
public sealed class CredentialTests(GatewayUnderTest gateway) : IClassFixture<GatewayUnderTest>
{
    private const string Api = "/api/v1/publications/poems/posts";

    [Fact]
    public async Task A_session_signs_its_reader_in_on_the_pages_of_its_publication()
    {
        Assert.Equal("Bearer token-poems", await SeenAsync(HttpMethod.Get, "/archive", gateway.PoemsOrigin, ("Cookie", "session=nls_poems")));
        Assert.Equal("Bearer token-papers", await SeenAsync(HttpMethod.Get, "/papers/archive", null, ("Cookie", "session-papers=nls_papers")));
    }

    [Fact]
    public async Task A_session_that_is_over_or_another_s_makes_an_anonymous_visitor()
    {
        Assert.Null(await SeenAsync(HttpMethod.Get, "/archive", gateway.PoemsOrigin, ("Cookie", "session=nls_gone")));
        Assert.Null(await SeenAsync(HttpMethod.Get, "/archive", gateway.PoemsOrigin, ("Cookie", "session=nls_papers")));
        Assert.Null(await SeenAsync(HttpMethod.Get, "/papers/archive", null, ("Cookie", "session=nls_papers")));
    }

    [Fact]
    public async Task A_cookie_opens_the_API_only_to_the_publication_s_own_pages_and_only_with_JSON()
    {
        var cookie = ("Cookie", "session=nls_poems");
        var own = ("Origin", gateway.PoemsOrigin);

        Assert.Null(await SeenAsync(HttpMethod.Get, Api, gateway.PoemsOrigin, cookie));
        Assert.Equal("Bearer token-poems", await SeenAsync(HttpMethod.Get, Api, gateway.PoemsOrigin, cookie, ("Sec-Fetch-Site", "same-origin")));
        Assert.Equal("Bearer token-poems", await PostedAsync(JsonContent.Create(new { }), cookie, own));
        Assert.Null(await PostedAsync(JsonContent.Create(new { }), cookie));
        Assert.Null(await PostedAsync(JsonContent.Create(new { }), cookie, ("Origin", "http://evil.example")));
        Assert.Null(await PostedAsync(JsonContent.Create(new { }), cookie, ("Origin", gateway.Address.ToString().TrimEnd('/'))));
        Assert.Null(await PostedAsync(new StringContent("a=b", Encoding.UTF8, "application/x-www-form-urlencoded"), cookie, own));
        Assert.Null(await PostedAsync(new StringContent("{}", Encoding.UTF8, "text/plain"), cookie, own));
    }

    [Fact]
    public async Task An_API_key_is_exchanged_for_its_own_publication_only()
    {
        Assert.Equal("Bearer token-papers", await SeenAsync(HttpMethod.Get, "/api/v1/publications/papers/posts", null, ("Authorization", "Bearer nlk_papers")));

        using var other = await gateway.GetAsync("/api/v1/publications/poems/posts", null, ("Authorization", "Bearer nlk_papers"));
        await GatewayTests.IsProblemAsync(other, HttpStatusCode.Unauthorized);
        using var unknown = await gateway.GetAsync("/api/v1/publications/papers/posts", null, ("Authorization", "Bearer nlk_unknown"));
        await GatewayTests.IsProblemAsync(unknown, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_token_that_a_client_brings_along_is_left_to_the_service_to_judge()
    {
        Assert.Equal("Bearer eyJ.forged.x", await SeenAsync(HttpMethod.Get, "/archive", gateway.PoemsOrigin, ("Authorization", "Bearer eyJ.forged.x"), ("Cookie", "session=nls_poems")));
    }

    private Task<string?> PostedAsync(HttpContent content, params (string, string)[] headers) => SeenAsync(HttpMethod.Post, Api, gateway.PoemsOrigin, content, headers);

    private Task<string?> SeenAsync(HttpMethod method, string path, string? origin, params (string, string)[] headers) => SeenAsync(method, path, origin, null, headers);

    private async Task<string?> SeenAsync(HttpMethod method, string path, string? origin, HttpContent? content, (string, string)[] headers)
    {
        using var answer = await gateway.SendAsync(method, path, origin, content, headers);
        var reached = await GatewayUnderTest.ReachedAsync(answer);
        Assert.NotNull(reached);
        return (string?)reached["headers"]!["authorization"];
    }
}
