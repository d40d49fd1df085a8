using System.Net;

namespace Newsletter.Gateway.Tests;

/// <summary>The console calls on the internal listener, with a staff member's session and the address of their browser.</summary>
public sealed class OwnCallTests(GatewayWithFewMails gateway) : IClassFixture<GatewayWithFewMails>
{
    private const string Api = "/api/v1/publications/papers/posts";

    [Theory]
    [InlineData("203.0.113.9")]
    [InlineData("2001:db8::17")]
    public async Task The_address_that_the_console_names_is_the_caller_s_to_the_services(string address) =>
        Assert.Equal(address, await SeenAsync("x-forwarded-for", true, ("X-Newsletter-From", address)));

    [Theory]
    [InlineData("")]
    [InlineData("somewhere")]
    [InlineData("203.0.113.9, 203.0.113.10")]
    public async Task What_is_no_address_changes_nothing(string text) =>
        Assert.Equal("127.0.0.1", await SeenAsync("x-forwarded-for", true, ("X-Newsletter-From", text)));

    [Fact]
    public async Task From_outside_nobody_names_another_address_or_has_the_header_passed_on()
    {
        var header = ("X-Newsletter-From", "203.0.113.9");

        Assert.NotEqual("203.0.113.9", await SeenAsync("x-forwarded-for", false, header, ("X-Forwarded-For", "203.0.113.9")));
        Assert.Null(await SeenAsync("x-newsletter-from", false, header));
    }

    [Fact]
    public async Task A_credential_is_exchanged_for_our_own_processes_and_nothing_else_of_theirs_is_touched()
    {
        Assert.Equal("Bearer token-papers", await SeenAsync("authorization", true, ("Authorization", "Bearer nlk_papers")));
        Assert.Equal("Bearer eyJ.some.token", await SeenAsync("authorization", true, ("Authorization", "Bearer eyJ.some.token")));
        Assert.Null(await SeenAsync("authorization", true, ("Cookie", "session-papers=nls_papers"), ("Sec-Fetch-Site", "same-origin")));
        using var unknown = await gateway.SendInternallyAsync(HttpMethod.Get, Api, ("Authorization", "Bearer nls_unknown"));
        await GatewayTests.IsProblemAsync(unknown, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task Mails_that_the_console_asks_for_count_for_the_network_of_the_browser()
    {
        Task<HttpResponseMessage> SignInAsync(string from) => gateway.SendInternallyAsync(HttpMethod.Post, "/api/v1/account/sign-in", ("X-Newsletter-From", from));

        for (var n = 0; n < 7; n++)
        {
            using var taken = await SignInAsync($"198.51.100.{n}");
            Assert.Equal(HttpStatusCode.OK, taken.StatusCode);
        }
        using var refused = await MailingLimitTests.OverLimitAsync(() => SignInAsync("198.51.100.99"));
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        using var elsewhere = await SignInAsync("192.0.2.1");
        Assert.Equal(HttpStatusCode.OK, elsewhere.StatusCode);
    }

    private async Task<string?> SeenAsync(string name, bool internally, params (string, string)[] headers)
    {
        using var answer = internally ? await gateway.SendInternallyAsync(HttpMethod.Get, Api, headers) : await gateway.GetAsync(Api, null, headers);
        var reached = await GatewayUnderTest.ReachedAsync(answer);
        Assert.NotNull(reached);
        return (string?)reached["headers"]![name];
    }
}
