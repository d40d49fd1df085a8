using System.Net;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.ConsoleTests;

/// <summary>Bug class: the console opens to somebody who is no staff, or to a page of another site.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class DoorTests(ConsoleHouse house)
{
    [Theory]
    [InlineData("/console")]
    [InlineData("/console/operations")]
    [InlineData("/console/p/scipapermill/posts?state=draft")]
    public async Task Without_a_session_a_page_leads_to_the_sign_in_page_and_back(string path)
    {
        using var answer = await house.Visitor().GetAsync(new Uri(path, UriKind.Relative));

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal($"/console/sign-in?return={Uri.EscapeDataString(path)}", answer.Headers.Location?.ToString());
        Assert.Empty(await answer.Content.ReadAsStringAsync());
    }

    [Theory]
    [InlineData("/console/p/scipapermill")]
    [InlineData("/console/p/scipapermill/readers")]
    [InlineData("/console/operations")]
    public async Task A_reader_s_cookie_opens_nothing_under_its_own_name_or_the_console_s(string path)
    {
        var session = await ReaderSessionAsync();
        foreach (var name in (string[])["session-scipapermill", "console"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path);
            request.Headers.Add("Cookie", $"{name}={session}");
            using var answer = await house.Visitor().SendAsync(request);

            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.Empty(await answer.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task The_connection_is_refused_without_a_session_and_to_a_reader()
    {
        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync(null, null));
        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync(await ReaderSessionAsync(), null));
        Assert.Equal(HttpStatusCode.Unauthorized, await ConnectAsync("nls_made-up", house.Address.GetLeftPart(UriPartial.Authority)));
    }

    [Theory]
    [InlineData("https://evil.example")]
    [InlineData("null")]
    [InlineData("http://localhost:1")]
    public async Task The_connection_is_refused_to_another_origin(string origin)
    {
        await using var browser = await house.StaffAsync();
        var session = Assert.Single(await browser.Context.CookiesAsync(), c => c.Name == "console").Value;

        Assert.Equal(HttpStatusCode.Forbidden, await ConnectAsync(session, origin));
        Assert.Equal(HttpStatusCode.OK, await ConnectAsync(session, house.Address.GetLeftPart(UriPartial.Authority)));
    }

    [Fact]
    public async Task Its_pages_are_kept_by_no_cache_and_framed_by_nobody()
    {
        await using var browser = await house.StaffAsync();
        var answer = await browser.Page.GotoAsync(browser.Console("p/scipapermill").ToString());

        Assert.Contains("no-store", await answer!.HeaderValueAsync("cache-control"), StringComparison.Ordinal);
        Assert.Contains("frame-ancestors 'none'", await answer.HeaderValueAsync("content-security-policy"), StringComparison.Ordinal);
        Assert.Contains("script-src 'self';", await answer.HeaderValueAsync("content-security-policy"), StringComparison.Ordinal);
        Assert.Equal("no-referrer", await answer.HeaderValueAsync("referrer-policy"));
    }

    private async Task<HttpStatusCode> ConnectAsync(string? session, string? origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/_blazor/negotiate?negotiateVersion=1");
        if (session is not null) request.Headers.Add("Cookie", $"console={session}");
        if (origin is not null) request.Headers.Add("Origin", origin);
        using var answer = await house.Visitor().SendAsync(request);
        return answer.StatusCode;
    }

    /// <summary>Of somebody who subscribed and confirmed.</summary>
    private async Task<string> ReaderSessionAsync()
    {
        var email = $"reader-{Guid.NewGuid():N}@example.com";
        var site = house.BaseUrlOf("scipapermill");
        await using var chromium = await house.NobodyAsync();
        await chromium.Page.GotoAsync($"{site}/subscribe");
        await chromium.Page.Locator("main form input[name=email]").FillAsync(email);
        await chromium.Page.Locator("main form button").First.ClickAsync();
        var mail = await house.MailAsync(email, m => m.Text.Contains("/confirm?", StringComparison.Ordinal), "the confirmation");
        await chromium.Page.GotoAsync(mail.Link("/confirm?").ToString());
        await chromium.Page.Locator("main form[method=post] button").First.ClickAsync();
        await chromium.Page.WaitForURLAsync($"{site}/account**");
        return Assert.Single(await chromium.Context.CookiesAsync(), c => c.Name == "session-scipapermill").Value;
    }
}
