using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Settings → Senders: whom letters come from, what DNS must say for it, and through whom they leave.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class SenderTests(ConsoleHouse house)
{
    [Fact]
    public async Task A_sender_shows_the_records_that_its_domain_needs()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "settings/senders");
        await browser.Field("Come from").FillAsync("The Editors");
        await browser.Field("Under the address").FillAsync($"letters@{site.Slug}.example");
        await browser.Button("Save the sender").ClickAsync();

        await Expect(Row(browser, $"letters@{site.Slug}.example")).ToContainTextAsync("Not verified");
        await Expect(browser.Heading($"{site.Slug}.example")).ToBeVisibleAsync();
        await Expect(Row(browser, "DMARC")).ToContainTextAsync("v=DMARC1; p=none");
        await Expect(Row(browser, "Proof that it is yours")).ToContainTextAsync("newsletter-publication=");
        await browser.Field("DKIM selector at SendGrid").FillAsync("s7");
        await browser.Button("Save and check").ClickAsync();
        await Expect(Row(browser, "DKIM")).ToContainTextAsync($"s7._domainkey.{site.Slug}.example");

        await browser.Button($"Remove letters@{site.Slug}.example").ClickAsync();
        await browser.DialogButton("Remove").ClickAsync();
        await Expect(Row(browser, $"letters@{site.Slug}.example")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task An_own_mail_account_shows_a_hint_of_its_key_and_never_the_key()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "settings/senders");
        await browser.Page.GetByText("Use an account of your own").First.ClickAsync();
        await browser.Page.Locator("#first-provider").SelectOptionAsync("smtp");
        await browser.Page.Locator("#first-host").FillAsync("10.0.0.1");
        await browser.Page.Locator("#first-user").FillAsync("letters");
        await browser.Page.Locator("#first-password").FillAsync("a-long-password-wxyz");
        await browser.Button("Save the account").ClickAsync();
        await Expect(browser.Page.Locator("#first-host-error")).ToBeVisibleAsync();
        await browser.Page.Locator("#first-host").FillAsync("mail.example");
        await browser.Button("Save the account").ClickAsync();
        await browser.SeeAsync("…wxyz");

        await browser.OpenAsync(site.To("settings/senders"));
        await browser.SeeAsync("…wxyz");
        Assert.DoesNotContain("a-long-password", await browser.Page.ContentAsync(), StringComparison.Ordinal);
        await Expect(browser.Page.Locator("#first-password")).ToHaveValueAsync("");
        var account = (await site.GetAsync("senders/accounts")).GetProperty("items")[0];
        Assert.Equal(("smtp", true), (account.GetProperty("provider").GetString(), account.GetProperty("own").GetBoolean()));
    }

    [Fact]
    public async Task An_own_accounts_pace_is_set_and_how_far_its_warm_up_has_come_is_shown()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "settings/senders");
        await browser.Page.GetByText("Use an account of your own").First.ClickAsync();
        await browser.Page.Locator("#first-key").FillAsync("SG.a-long-key-of-its-own");
        await browser.Page.Locator("#first-rate").FillAsync("12.5");
        await browser.Page.Locator("#first-warm-first").FillAsync("50");
        await browser.Page.Locator("#first-warm-days").FillAsync("10");
        await browser.Button("Save the account").ClickAsync();
        await browser.SeeAsync("12.5 letters a second at most");
        await browser.SeeAsync("Warm-up, day 1: 0 of 50 letters today");

        // What is saved again keeps it.
        await browser.OpenAsync(site.To("settings/senders"));
        await Expect(browser.Page.Locator("#first-warm-days")).ToHaveValueAsync("10");
        await browser.Page.Locator("#first-rate").FillAsync("");
        await browser.Button("Save the account").ClickAsync();
        await Expect(browser.Page.GetByText("12.5 letters a second at most")).ToHaveCountAsync(0);
        await browser.SeeAsync("Warm-up, day 1: 0 of 50 letters today");
    }

    [Fact]
    public async Task What_is_being_typed_of_an_account_stays_when_something_else_is_saved()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "settings/senders");
        await browser.Page.GetByText("Use an account of your own").First.ClickAsync();
        await browser.Page.Locator("#first-warm-first").FillAsync("50");
        await browser.Field("Come from").FillAsync("The Editors");
        await browser.Field("Under the address").FillAsync($"letters@{site.Slug}.example");
        await browser.Button("Save the sender").ClickAsync();
        await Expect(browser.Heading($"{site.Slug}.example")).ToBeVisibleAsync();
        await browser.Button($"Check now: {site.Slug}.example").ClickAsync();
        await browser.SeeAsync("Checked.");
        await Expect(browser.Page.Locator("#first-warm-first")).ToBeVisibleAsync();
        await Expect(browser.Page.Locator("#first-warm-first")).ToHaveValueAsync("50");
    }

    [Fact]
    public async Task A_removed_account_leaves_an_empty_form()
    {
        var site = await house.PublicationAsync();
        await site.SendAsync(HttpMethod.Put, "senders/accounts/first", new { provider = "smtp", host = "mail.example", username = "letters", password = "a-long-password-wxyz" });
        await using var browser = await OpenAsync(site, "settings/senders");
        await Expect(browser.Page.Locator("#first-host")).ToHaveValueAsync("mail.example");
        await browser.Button("Remove the account").ClickAsync();
        await browser.DialogButton("Remove").ClickAsync();
        await Expect(browser.Page.GetByText("Use an account of your own")).ToHaveCountAsync(2);
        await browser.Page.GetByText("Use an account of your own").First.ClickAsync();
        await Expect(browser.Page.Locator("#first-provider")).ToHaveValueAsync("sendgrid");
        await browser.Page.Locator("#first-provider").SelectOptionAsync("smtp");
        await Expect(browser.Page.Locator("#first-host")).ToHaveValueAsync("");
    }

    private async Task<StaffBrowser> OpenAsync(TestSite site, string page)
    {
        var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To(page));
        return browser;
    }

    private static ILocator Row(StaffBrowser browser, string text) => browser.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = text });
}
