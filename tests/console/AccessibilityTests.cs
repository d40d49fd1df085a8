using System.Text.Json;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Newsletter.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Every page and every dialog by axe, in light and dark, on a desk and on a phone; with no error in the console and nothing that scrolls sideways.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class AccessibilityTests(ConsoleHouse house)
{
    private const string Site = "p/scipapermill";
    private static readonly Look[] Looks = [Look.Desktop, Look.Desktop.InTheDark(), Look.Phone, Look.Phone.InTheDark()];

    [Theory]
    [InlineData("operations")]
    [InlineData(Site)]
    [InlineData($"{Site}/posts")]
    [InlineData($"{Site}/write")]
    [InlineData($"{Site}/posts/deep-learning-2026-07-04")]
    [InlineData($"{Site}/editions")]
    [InlineData($"{Site}/readers")]
    [InlineData($"{Site}/readers/import")]
    [InlineData($"{Site}/members")]
    [InlineData($"{Site}/settings")]
    [InlineData($"{Site}/settings/newsletters")]
    [InlineData($"{Site}/settings/topics")]
    [InlineData($"{Site}/settings/gate")]
    [InlineData($"{Site}/settings/senders")]
    [InlineData($"{Site}/settings/staff")]
    [InlineData($"{Site}/settings/keys")]
    [InlineData($"{Site}/audit")]
    [InlineData($"{Site}/nowhere")]
    public Task A_page_is_accessible(string path) => EverywhereAsync(path);

    [Fact]
    public async Task An_edition_and_a_reader_are_accessible()
    {
        var site = await house.PublicationAsync();
        var title = $"Seen by all {site.Slug}";
        var reader = (await site.AddReadersAsync($"seen+bounce-{site.Slug}@example.org", $"seen-{site.Slug}@example.com"))[1];
        await site.PublishedAsync(title, "Read [this](https://source.example/).", mail: true);
        var edition = await site.EditionAsync(title);
        await site.SentAsync(edition);
        await house.EngageAsync($"seen-{site.Slug}@example.com", "open");

        await EverywhereAsync(site.To($"editions/{edition}"));
        await EverywhereAsync(site.To($"readers/{reader}"));
    }

    [Fact]
    public async Task A_reader_whose_mail_came_back_is_accessible()
    {
        var site = await house.PublicationAsync();
        var (title, address) = ($"Came back {site.Slug}", $"back-{site.Slug}@example.com");
        var reader = (await site.AddReadersAsync(address))[0];
        await site.PublishedAsync(title, mail: true);
        await site.SentAsync(await site.EditionAsync(title));
        await house.BounceAsync(address, "550 5.1.1 no such user");
        await Eventually.TrueAsync(async () => (await site.GetAsync($"deliverability?address={address}")).GetProperty("status").GetString() == "bounced", "the bounce");
        await EverywhereAsync(site.To($"readers/{reader}"), browser => browser.SeeAsync("Try again to reach them"));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("Remove letters@news.example")]
    [InlineData("Remove news.example")]
    [InlineData("Remove the account")]
    [InlineData("Remove the fallback")]
    public async Task Senders_with_a_domain_and_accounts_are_accessible(string? removal)
    {
        var site = await SendersAsync();
        await EverywhereAsync(site.To("settings/senders"), async browser =>
        {
            if (removal is null) return;
            await browser.Button(removal).ClickAsync();
            await Expect(browser.Dialog).ToBeVisibleAsync();
        });
    }

    [Theory]
    [InlineData("sendgrid")]
    [InlineData("smtp")]
    [InlineData("ses")]
    public async Task The_form_of_an_account_and_what_is_wrong_in_it_are_accessible(string provider)
    {
        var site = await house.PublicationAsync();
        await EverywhereAsync(site.To("settings/senders"), async browser =>
        {
            foreach (var form in await browser.Page.GetByText("Use an account of your own").AllAsync()) await form.ClickAsync();
            await browser.Page.Locator("#first-provider").SelectOptionAsync(provider);
            await browser.Field("Letters on the first day").First.FillAsync("20");
            await browser.Button("Save the account").ClickAsync();
            await Expect(browser.Page.GetByRole(AriaRole.Alert).Locator("visible=true").First).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task Senders_and_operations_whose_letters_must_wait_are_accessible()
    {
        var site = await house.PublicationAsync();
        await site.SendAsync(HttpMethod.Put, "senders/accounts/first", new { provider = "sendgrid", apiKey = "SG.a-long-key-of-its-own", rate = 12.5, warmUp = new { first = 50, days = 10 } });
        await house.SetRateAsync(site.Slug, 2.5);
        await site.AddReadersAsync($"waits-{site.Slug}@example.com");
        await house.TooManyAsync();
        try
        {
            await site.PublishedAsync("Too many at once", mail: true);
            await Eventually.TrueAsync(async () => Pace(await site.GetAsync("senders/accounts")).GetProperty("heldUntil").ValueKind == JsonValueKind.String, "the account held");
        }
        finally
        {
            await house.MailFlowsAsync();
        }
        await EverywhereAsync(site.To("settings/senders"), browser => browser.SeeAsync("too many requests"));
        await EverywhereAsync("operations", async browser =>
        {
            await Expect(browser.Field($"Letters of editions a second of {site.Name}")).ToHaveValueAsync("2.5");
            await browser.SeeAsync("asked us to wait");
            foreach (var schedules in await browser.Page.GetByText("schedules").AllAsync()) await schedules.ClickAsync();
        });
        await EverywhereAsync("operations", async browser =>
        {
            await browser.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = site.Slug }).GetByRole(AriaRole.Button).ClickAsync();
            await Expect(browser.Dialog).ToBeVisibleAsync();
        });
    }

    [Theory]
    [InlineData(null)]
    [InlineData("They were sent")]
    [InlineData("Send again")]
    public async Task Uncertain_batches_and_what_staff_are_asked_about_them_are_accessible(string? choice)
    {
        var site = await house.PublicationAsync();
        var title = $"Who knows {site.Slug}";
        await site.AddReadersAsync($"knows-{site.Slug}@example.com");
        await house.AnswersAreLostAsync();
        try
        {
            await site.PublishedAsync(title, mail: true);
            var edition = await site.EditionAsync(title);
            await Eventually.TrueAsync(async () => (await site.GetAsync($"editions/{edition}")).GetProperty("uncertain").GetArrayLength() > 0, "a batch in doubt");
            await EverywhereAsync(site.To($"editions/{edition}"), async browser =>
            {
                await Expect(browser.Heading("Uncertain batches")).ToBeVisibleAsync();
                if (choice is null) return;
                await browser.Button(choice).ClickAsync();
                await Expect(browser.Dialog).ToBeVisibleAsync();
            });
        }
        finally
        {
            await house.MailFlowsAsync();
        }
    }

    [Theory]
    [InlineData("sign-in")]
    [InlineData("sign-in?token=anything")]
    public async Task The_way_in_is_accessible(string path)
    {
        await using var browser = await house.NobodyAsync();
        await browser.Page.GotoAsync(browser.Console(path).ToString());
        await CheckAsync(browser, path);
    }

    [Theory]
    [InlineData($"{Site}/members", "New tier")]
    [InlineData($"{Site}/members", "Give access")]
    [InlineData($"{Site}/write", "An image from before")]
    [InlineData($"{Site}/readers", "Add a reader")]
    [InlineData($"{Site}/posts/deep-learning-2026-07-04", "Unpublish")]
    public Task A_dialog_is_accessible(string path, string button) => EverywhereAsync(path, async browser =>
    {
        await browser.Button(button).ClickAsync();
        await Expect(browser.Dialog).ToBeVisibleAsync();
    });

    [Fact]
    public async Task The_dialog_to_publish_and_the_preview_of_the_mail_are_accessible()
    {
        var site = await house.PublicationAsync();
        var slug = await site.DraftAsync("A dialog's post", "Words.", kind: "digest");
        await EverywhereAsync(site.To($"posts/{slug}"), async browser =>
        {
            await browser.Button("Mail").ClickAsync();
            await browser.Button("Add an entry").ClickAsync();
            var name = browser.Page.Locator(".entry[open] input").First;
            await name.FillAsync("A paper");
            await name.BlurAsync();
            await browser.Button("Publish …").ClickAsync();
            await browser.Dialog.GetByLabel("At a time").CheckAsync();
            await Expect(browser.Dialog.Locator("#at")).ToBeVisibleAsync();
        });
    }

    [Fact]
    public async Task What_another_saved_and_what_the_browser_kept_is_told_accessibly()
    {
        var site = await house.PublicationAsync();
        var slug = await site.PublishedAsync("Two at it", "Before.");
        await using var editor = await EditorPage.OpenAsync(house, site, slug);
        await editor.ReplaceAsync("Mine.");
        await site.SendAsync(HttpMethod.Put, $"posts/{slug}", new { title = "Two at it", body = "Theirs." });
        await editor.Browser.Button("Update").ClickAsync();
        await Expect(editor.Browser.Heading("Somebody else saved this post")).ToBeVisibleAsync();
        await editor.Browser.Page.GetByText("Their text").ClickAsync();
        await CheckAsync(editor.Browser, "a conflict");

        await using var again = await EditorPage.OpenAsync(house, site, slug, editor.Browser);
        await Expect(again.Browser.Button("Bring them back")).ToBeVisibleAsync();
        await CheckAsync(again.Browser, "a kept draft");
    }

    [Fact]
    public async Task On_a_phone_the_menu_opens_leads_on_and_closes()
    {
        await using var browser = await house.StaffAsync(look: Look.Phone);
        await browser.OpenAsync(Site);
        await Expect(browser.Link("Posts")).ToBeHiddenAsync();
        await browser.Button("Open the menu").ClickAsync();
        await browser.Link("Posts").ClickAsync();

        await Expect(browser.Heading("Posts")).ToBeVisibleAsync();
        await Expect(browser.Link("Posts")).ToBeHiddenAsync();
    }

    private async Task<TestSite> SendersAsync()
    {
        var site = await house.PublicationAsync();
        await site.SendAsync(HttpMethod.Put, "senders", new { name = "Own", address = "letters@news.example", replyTo = "answers@news.example" });
        await site.SendAsync(HttpMethod.Put, "senders/accounts/first", new { provider = "ses", accessKey = "AKIAIOSFODNN7EXAMPLE", secretKey = "0123456789abcdef", region = "eu-central-1" });
        await site.SendAsync(HttpMethod.Put, "senders/accounts/fallback", new { provider = "smtp", host = "mail.example", username = "letters", password = "0123456789abcdef" });
        return site;
    }

    private static JsonElement Pace(JsonElement accounts) => accounts.GetProperty("items")[0].GetProperty("pace");

    private async Task EverywhereAsync(string path, Func<StaffBrowser, Task>? prepare = null)
    {
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(path);
        await Expect(browser.Page.Locator(".loading")).ToHaveCountAsync(0);
        if (prepare is not null) await prepare(browser);
        await CheckAsync(browser, path);
    }

    private static async Task CheckAsync(StaffBrowser browser, string path)
    {
        List<string> found = [];
        foreach (var look in Looks)
        {
            await browser.LookAsync(look);
            // The preview's frame runs no script, so axe cannot look into it; the reader pages have their own test.
            var result = await browser.Page.RunAxe(new AxeRunOptions { Iframes = false });
            found.AddRange(result.Violations.Select(v => $"{look.Width} {look.Scheme}: {Tell(v)}"));
            var width = await browser.Page.EvaluateAsync<int>("document.documentElement.scrollWidth - innerWidth");
            if (width > 0) found.Add($"{look.Width}: scrolls {width} px sideways");
        }
        // That there is no such page is an answer of status 404, which the browser calls an error.
        found.AddRange(browser.Errors.Where(e => !e.Contains("/nowhere", StringComparison.Ordinal)));
        Assert.True(found.Count == 0, $"{path}\n{string.Join('\n', found)}");
    }

    private static string Tell(AxeResultItem found) =>
        $"{found.Id}: {found.Help}\n" + string.Join("\n", found.Nodes.Take(4).Select(n => $"    {n.Html}\n    {string.Join("; ", n.Any.Concat(n.All).Select(a => a.Message))}"));
}
