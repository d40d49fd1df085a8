using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>How staff come in and go out.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed partial class SignInTests(ConsoleHouse house)
{
    [Fact]
    public async Task The_code_of_the_mail_signs_in()
    {
        var email = await MemberAsync();
        await using var browser = await house.NobodyAsync();

        await browser.SignInAsync(email);

        await Expect(browser.Page.GetByText(email)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task Looking_at_the_mailed_link_uses_nothing_up_and_its_button_signs_in()
    {
        var email = await MemberAsync();
        var invitation = (await house.MailAsync(email, m => m.Text.Contains("/console/sign-in?", StringComparison.Ordinal), "the invitation")).Link("/console/sign-in?");
        for (var scan = 0; scan < 2; scan++)
        {
            using var looked = await house.Visitor().GetAsync(invitation);
            Assert.True(looked.IsSuccessStatusCode);
            Assert.False(looked.Headers.Contains("Set-Cookie"));
        }
        await using var browser = await house.NobodyAsync();
        await browser.Page.GotoAsync(invitation.ToString());
        await browser.Button("Sign in to the console").ClickAsync();
        await browser.ConnectedAsync();

        await Expect(browser.Page.GetByText(email)).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_link_works_once()
    {
        var email = await MemberAsync();
        var invitation = (await house.MailAsync(email, m => m.Text.Contains("/console/sign-in?", StringComparison.Ordinal), "the invitation")).Link("/console/sign-in?");
        await using (var first = await house.NobodyAsync())
        {
            await first.Page.GotoAsync(invitation.ToString());
            await first.Button("Sign in to the console").ClickAsync();
            await first.ConnectedAsync();
        }
        await using var second = await house.NobodyAsync();
        await second.Page.GotoAsync(invitation.ToString());
        await second.Button("Sign in to the console").ClickAsync();

        await second.SeeAsync("This link or code is wrong, used or too old.");
        await Expect(second.Button("Mail me a link")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_wrong_code_says_so_and_may_be_tried_again()
    {
        var email = await MemberAsync();
        await using var browser = await house.NobodyAsync();
        var before = (await house.MailToAsync(email)).Count;
        await browser.AskForMailAsync(email);
        var code = StaffBrowser.CodeIn(await browser.NextMailAsync(email, before));
        await browser.EnterCodeAsync(code == "000000" ? "000001" : "000000");

        await browser.SeeAsync("This link or code is wrong, used or too old.");
        await browser.EnterCodeAsync(code);
        await browser.ConnectedAsync();
    }

    [Fact]
    public async Task Somebody_unknown_is_told_the_same_as_staff()
    {
        await using var browser = await house.NobodyAsync();
        await browser.AskForMailAsync("known@example.com");
        var known = await browser.Page.Locator("main").InnerTextAsync();
        await browser.AskForMailAsync("nobody@example.com");
        var unknown = await browser.Page.Locator("main").InnerTextAsync();

        Assert.Equal(known.Replace("known@", "", StringComparison.Ordinal), unknown.Replace("nobody@", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_its_cookie_opens_nothing_any_more()
    {
        var email = await MemberAsync();
        await using var browser = await house.NobodyAsync();
        await browser.SignInAsync(email);
        var session = Assert.Single(await browser.Context.CookiesAsync(), c => c.Name == "console").Value;
        await browser.Button("Sign out").ClickAsync();
        await Expect(browser.Heading("Sign in to the console")).ToBeVisibleAsync();

        using var request = new HttpRequestMessage(HttpMethod.Get, "/console");
        request.Headers.Add("Cookie", $"console={session}");
        using var answer = await house.Visitor().SendAsync(request);
        Assert.StartsWith("/console/sign-in", answer.Headers.Location?.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(await browser.Context.CookiesAsync(), c => c.Name == "console");
    }

    [Fact]
    public async Task Signing_out_in_a_second_window_after_the_first_leads_to_the_sign_in_page()
    {
        var email = await MemberAsync();
        await using var browser = await house.NobodyAsync();
        await browser.SignInAsync(email);
        var second = await browser.Context.NewPageAsync();
        await second.GotoAsync(browser.Page.Url);
        await Expect(second.Locator("[data-connected]")).ToHaveCountAsync(1);
        await browser.Button("Sign out").ClickAsync();
        await Expect(browser.Heading("Sign in to the console")).ToBeVisibleAsync();
        await second.GetByRole(AriaRole.Button, new() { Name = "Sign out" }).ClickAsync();

        await Expect(second.GetByRole(AriaRole.Heading, new() { Name = "Sign in to the console" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_page_that_was_asked_for_is_shown_after_signing_in()
    {
        var site = await house.PublicationAsync();
        var email = await MemberAsync(site);
        await using var browser = await house.NobodyAsync();
        await browser.Page.GotoAsync(browser.Console(site.To("posts")).ToString());
        var before = (await house.MailToAsync(email)).Count;
        await browser.Field("Email address").FillAsync(email);
        await browser.Button("Mail me a link").ClickAsync();
        await browser.EnterCodeAsync(StaffBrowser.CodeIn(await browser.NextMailAsync(email, before)));

        await Expect(browser.Page).ToHaveURLAsync(browser.Console(site.To("posts")).ToString());
        await Expect(browser.Heading("Posts")).ToBeVisibleAsync();
    }

    [Theory]
    [InlineData("https://evil.example/")]
    [InlineData("//evil.example/console/")]
    [InlineData("/\\evil.example")]
    [InlineData("/console/\\evil.example")]
    [InlineData("/consoles")]
    [InlineData("javascript:alert(1)")]
    public async Task A_return_address_that_is_not_ours_is_dropped(string address)
    {
        var page = await house.Visitor().GetStringAsync(new Uri($"/console/sign-in?return={Uri.EscapeDataString(address)}", UriKind.Relative));

        Assert.DoesNotMatch(ReturnField(), page);
        var own = await house.Visitor().GetStringAsync(new Uri("/console/sign-in?return=%2Fconsole%2Foperations", UriKind.Relative));
        Assert.Matches(ReturnField(), own);
    }

    private async Task<string> MemberAsync(TestSite? site = null)
    {
        site ??= await house.PublicationAsync();
        var email = $"member-{Guid.NewGuid():N}@example.com";
        await site.SendAsync(HttpMethod.Post, "members", new { email, role = "author" });
        return email;
    }

    [GeneratedRegex("<input[^>]*name=\"return\"")]
    private static partial Regex ReturnField();
}
