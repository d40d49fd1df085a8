using System.Text.Json;
using AngleSharp.Html.Parser;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Bug class: what somebody stored runs, or is read as markup, in the browser of whoever looks at it.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class ScriptTests(ConsoleHouse house)
{
    private const string Script = "<script>window.ran=1;alert(1)</script>";
    private const string Image = "<img src=x onerror=\"window.ran=1;alert(1)\">";

    [Fact]
    public async Task In_a_publication_s_name_and_texts_it_is_text()
    {
        var site = await house.PublicationAsync($"{Image}Paper");
        await site.SetAsync(new { tagline = Script, description = $"{Script}{Image}", postalAddress = Image, senderName = $"{Image}Desk" });
        await using var browser = await house.StaffAsync();

        await ShowsAsTextAsync(browser, site.To(), $"{Image}Paper");
        await ShowsAsTextAsync(browser, site.To("settings"), $"{Image}Paper");
        await ShowsAsTextAsync(browser, "operations", $"{Image}Paper");
        Assert.Equal(Script, await OpenedValueAsync(browser, site.To("settings"), "Tagline"));
    }

    [Fact]
    public async Task In_a_reader_s_name_it_is_text()
    {
        var site = await house.PublicationAsync();
        var reader = await site.SendAsync(HttpMethod.Post, "subscribers", new { email = $"nasty-{site.Slug}@example.com", name = $"{Image}{Script}", cadence = "every_post", confirmed = true });
        await using var browser = await house.StaffAsync();

        await ShowsAsTextAsync(browser, site.To("readers"), $"{Image}{Script}");
        await ShowsAsTextAsync(browser, site.To($"readers/{reader.GetProperty("id").GetGuid()}"), $"{Image}{Script}");
    }

    [Fact]
    public async Task In_a_tag_it_is_refused_with_words_and_shown_as_text_until_then()
    {
        var site = await house.PublicationAsync();
        var reader = (await site.AddReadersAsync($"tagged-{site.Slug}@example.com"))[0];
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To($"readers/{reader}"));
        await browser.Field("Tags").FillAsync(Image);
        await browser.Button("Save").ClickAsync();
        await Expect(browser.Page.Locator(".mud-snackbar")).ToBeVisibleAsync();

        await Expect(browser.Field("Tags")).ToHaveValueAsync(Image);
        await NothingRanAsync(browser);
    }

    [Fact]
    public async Task In_a_post_it_is_text_in_every_preview()
    {
        var site = await house.PublicationAsync();
        var slug = await site.DraftAsync($"{Image}Title", $"{Script}\n\n{Image}\n\n[click](javascript:alert(1))\n\nThe end of it.");
        await using var browser = await house.StaffAsync();
        await ShowsAsTextAsync(browser, site.To("posts"), $"{Image}Title");
        await using var editor = await EditorPage.OpenAsync(house, site, slug, browser);
        foreach (var who in (string[])["Anonymous", "Subscriber", "Member", "Mail"])
        {
            await editor.LooksAsync(who, shows: "The end of it.");
            await NothingRanAsync(browser);
            using var shown = new HtmlParser().ParseDocument(await editor.Preview.GetAttributeAsync("srcdoc") ?? "");
            Assert.Empty(shown.QuerySelectorAll("[onerror], img[src=x], a[href^='javascript:'], script:not([type='application/ld+json'])").Select(e => e.OuterHtml));
        }
        await Expect(editor.Preview).ToHaveAttributeAsync("sandbox", "");
        await browser.Button("Publish …").ClickAsync();
        await Expect(browser.Dialog).ToContainTextAsync($"{Image}Title");
        await NothingRanAsync(browser);
    }

    [Fact]
    public async Task In_an_edition_s_subject_it_is_text()
    {
        var site = await house.PublicationAsync();
        var reader = (await site.AddReadersAsync($"mailed-{site.Slug}@example.com"))[0];
        await site.PublishedAsync($"{Image}Subject", mail: true);
        var edition = await site.EditionAsync("Subject");
        await site.SentAsync(edition);
        await using var browser = await house.StaffAsync();

        foreach (var page in (string[])["", "editions", $"editions/{edition}", $"readers/{reader}"]) await ShowsAsTextAsync(browser, site.To(page), $"{Image}Subject");
    }

    [Fact]
    public async Task In_a_key_s_name_and_in_the_audit_log_it_is_text()
    {
        var site = await house.PublicationAsync();
        await site.SendAsync(HttpMethod.Post, "keys", new { name = $"{Image}Key", role = "author" });
        await Tests.Harness.Eventually.TrueAsync(async () => (await site.GetAsync("audit")).GetProperty("items").EnumerateArray().Any(e => e.GetProperty("action").GetString() == "POST keys"), "the key is in the log");
        await using var browser = await house.StaffAsync();

        await ShowsAsTextAsync(browser, site.To("settings/keys"), $"{Image}Key");
        await browser.OpenAsync(site.To("audit"));
        await browser.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "POST keys" }).Locator("summary").ClickAsync();
        await Expect(browser.Page.GetByText($"{Image}Key")).ToBeVisibleAsync();
        await NothingRanAsync(browser);
    }

    [Fact]
    public async Task In_a_tier_s_name_it_is_text()
    {
        var site = await house.PublicationAsync();
        await site.SendAsync(HttpMethod.Post, "tiers", new { slug = "nasty", name = $"{Image}Tier", description = Script, benefits = new[] { Image }, currency = "eur", prices = new { month = 500 } });
        await using var browser = await house.StaffAsync();

        await ShowsAsTextAsync(browser, site.To("members"), $"{Image}Tier");
        await browser.Button("Give access").ClickAsync();
        await Expect(browser.Dialog.Locator("option")).ToHaveTextAsync([$"{Image}Tier"]);
        await NothingRanAsync(browser);
    }

    [Fact]
    public async Task In_a_provider_s_failure_it_is_text()
    {
        var site = await house.PublicationAsync();
        var address = $"failed-{site.Slug}@example.org";
        await site.AddReadersAsync(address);
        await site.PublishedAsync($"Refused {site.Slug}", mail: true);
        var edition = await site.EditionAsync($"Refused {site.Slug}");
        await site.SentAsync(edition);
        await house.BounceAsync(address, $"550 {Script}{Image}");
        await using var browser = await house.StaffAsync();
        await Tests.Harness.Eventually.TrueAsync(
            async () => (await site.GetAsync($"editions/{edition}/figures")).GetProperty("failures").GetRawText().Contains("window.ran", StringComparison.Ordinal), "the failure's text", TimeSpan.FromMinutes(1));

        await ShowsAsTextAsync(browser, site.To($"editions/{edition}"), Script);
    }

    [Fact]
    public async Task In_a_sign_in_address_it_is_text()
    {
        await using var browser = await house.NobodyAsync();
        await browser.Page.GotoAsync(browser.Console("sign-in").ToString());
        await browser.Page.EvaluateAsync("document.querySelector('form').noValidate = true");
        await browser.Field("Email address").FillAsync($"{Image}@example.com");
        await browser.Button("Mail me a link").ClickAsync();

        await Expect(browser.Page.Locator("main h1")).ToBeVisibleAsync();
        await Expect(browser.Page.Locator("main img, [onerror]")).ToHaveCountAsync(0);
        Assert.DoesNotContain(browser.Errors, e => e.Contains("dialog", StringComparison.Ordinal));
    }

    private static async Task ShowsAsTextAsync(StaffBrowser browser, string page, string text)
    {
        await browser.OpenAsync(page);
        await browser.SeeAsync(text);
        await NothingRanAsync(browser);
    }

    private static async Task<string> OpenedValueAsync(StaffBrowser browser, string page, string field)
    {
        await browser.OpenAsync(page);
        return await browser.Field(field).InputValueAsync();
    }

    /// <summary>Neither did it run, nor was it made an element whose running the page's policy only stopped.</summary>
    private static async Task NothingRanAsync(StaffBrowser browser)
    {
        Assert.Equal(JsonValueKind.Undefined, (await browser.Page.EvaluateAsync("window.ran"))?.ValueKind ?? JsonValueKind.Undefined);
        Assert.Equal(0, await browser.Page.Locator("[onerror], img[src='x']").CountAsync());
        Assert.True(browser.Errors.Count == 0, string.Join('\n', browser.Errors));
    }
}
