using System.Buffers.Text;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>An edition while it goes out, and afterwards.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class EditionTests(ConsoleHouse house)
{
    [Fact]
    public async Task A_post_is_published_with_mail_watched_until_it_is_sent_and_its_figures_read()
    {
        var site = await house.PublicationAsync();
        var title = $"Watched {site.Slug}";
        string[] readers = [.. Enumerable.Range(1, 6).Select(n => $"reader-{n}-{site.Slug}@example.com")];
        await site.AddReadersAsync(readers);
        await using var editor = await EditorPage.NewAsync(house, site);
        var browser = editor.Browser;
        await editor.TitleAsync(title);
        await editor.TypeAsync("Read [the source](https://source.example/paper).");
        await house.MailStopsAsync();
        try
        {
            await browser.Button("Publish …").ClickAsync();
            await browser.DialogButton("Publish and mail").ClickAsync();
            await Expect(browser.Button("Unpublish")).ToBeVisibleAsync();
            await browser.Link("Its letters").ClickAsync();
            await Expect(browser.Heading("6 letters")).ToBeVisibleAsync();
            await Expect(Bar(browser)).ToHaveAttributeAsync("aria-label", new Regex("(queued|sending): "));
            await Expect(browser.Button("Pause")).ToBeVisibleAsync();
            // Whatever comes from here on comes without loading the page.
            await browser.Page.EvaluateAsync("window.sameDocument = true");
        }
        finally
        {
            await house.MailFlowsAsync();
        }
        await site.SentAsync(await site.EditionAsync(title));
        await Expect(browser.Page.Locator(".page__over")).ToContainTextAsync("Sent");
        await Expect(Bar(browser)).ToHaveAttributeAsync("aria-label", new Regex("^(delivered|accepted)(: \\d, accepted)?: \\d$"));
        await Expect(browser.Button("Pause")).ToHaveCountAsync(0);
        Assert.True(await browser.Page.EvaluateAsync<bool>("window.sameDocument === true"));
        Assert.Empty(browser.Errors);

        await FollowLinkAsync(readers[0], title, "source.example");
        await house.EngageAsync(readers[0], "open");
        await house.EngageAsync(readers[1], "open");
        await house.EngageAsync(readers[2], "machine_open");
        await Tests.Harness.Eventually.TrueAsync(async () =>
        {
            await browser.Page.ReloadAsync();
            await browser.ConnectedAsync();
            return await Fact(browser, "Opened by people").InnerTextAsync() == "33.3 %" && await Fact(browser, "Clicked").InnerTextAsync() == "16.7 %";
        }, "a third opened, a sixth clicked", TimeSpan.FromMinutes(2));
        await Expect(browser.Page.GetByRole(AriaRole.Cell, new() { Name = "https://source.example/paper" })).ToBeVisibleAsync();
        await browser.SeeAsync("1 machine opens apart");
    }

    [Fact]
    public async Task An_edition_is_paused_resumed_and_cancelled()
    {
        var site = await house.PublicationAsync();
        var title = $"Stopped {site.Slug}";
        await site.AddReadersAsync($"only-{site.Slug}@example.com");
        await house.MailStopsAsync();
        try
        {
            await site.PublishedAsync(title, mail: true);
            var edition = await site.EditionAsync(title);
            await using var browser = await house.StaffAsync();
            await browser.OpenAsync(site.To($"editions/{edition}"));
            await browser.Button("Pause").ClickAsync();
            await Expect(browser.Button("Resume")).ToBeVisibleAsync();
            await browser.SeeAsync("Nothing leaves while it is paused");
            await browser.Button("Resume").ClickAsync();
            await Expect(browser.Button("Pause")).ToBeVisibleAsync();
            await browser.Button("Cancel").ClickAsync();
            await browser.DialogButton("Cancel the edition").ClickAsync();

            await Expect(browser.Page.Locator(".page__over")).ToContainTextAsync("Cancelled");
            await Expect(Bar(browser)).ToHaveAttributeAsync("aria-label", new Regex("cancelled: 1"));
        }
        finally
        {
            await house.MailFlowsAsync();
        }
    }

    [Theory]
    [InlineData("They were sent", 1)]
    [InlineData("Send again", 2)]
    public async Task Letters_whose_answer_is_lost_wait_until_staff_say_what_became_of_them(string choice, int copies)
    {
        var site = await house.PublicationAsync();
        var title = $"In doubt {site.Slug}";
        var reader = $"doubt-{site.Slug}@example.com";
        await site.AddReadersAsync(reader);
        await using var browser = await house.StaffAsync();
        await house.AnswersAreLostAsync();
        try
        {
            await site.PublishedAsync(title, mail: true);
            await browser.OpenAsync(site.To($"editions/{await site.EditionAsync(title)}"));
            await Expect(browser.Heading("Uncertain batches")).ToBeVisibleAsync();
            await Expect(Bar(browser)).ToHaveAttributeAsync("aria-label", "uncertain: 1");
            // Answers come again, events not yet: those would settle it by themselves.
            await house.EventsAreHeldAsync();
            await browser.Button(choice).ClickAsync();
            await browser.DialogButton(choice).ClickAsync();

            await Expect(browser.Heading("Uncertain batches")).ToHaveCountAsync(0);
            await Expect(browser.Page.Locator(".page__over")).ToContainTextAsync("Sent");
            await Expect(Bar(browser)).ToHaveAttributeAsync("aria-label", "accepted: 1");
        }
        finally
        {
            await house.MailFlowsAsync();
        }
        Assert.Equal(copies, (await house.MailToAsync(reader)).Count(m => m.Subject.Contains(title, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task An_edition_s_letters_are_exported_as_CSV()
    {
        var site = await house.PublicationAsync();
        var title = $"Exported {site.Slug}";
        string[] readers = [$"one-{site.Slug}@example.com", $"two-{site.Slug}@example.com"];
        await site.AddReadersAsync(readers);
        await site.PublishedAsync(title, mail: true);
        var edition = await site.EditionAsync(title);
        await site.SentAsync(edition);
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To($"editions/{edition}"));
        var file = await browser.Page.RunAndWaitForDownloadAsync(() => browser.Button("Export CSV").ClickAsync());

        Assert.Equal($"{site.Slug}-{edition}.csv", file.SuggestedFilename);
        var lines = (await File.ReadAllLinesAsync(await file.PathAsync(), TestContext.Current.CancellationToken)).Where(l => l.Length > 0).ToList();
        Assert.Equal(3, lines.Count);
        Assert.All(readers, reader => Assert.Single(lines, line => line.Contains(reader, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task What_did_not_arrive_is_told_with_the_provider_s_words_and_by_domain()
    {
        var site = await house.PublicationAsync();
        var title = $"Bounced {site.Slug}";
        await site.AddReadersAsync($"gone-{site.Slug}+bounce@example.org", $"there-{site.Slug}@example.com");
        await site.PublishedAsync(title, mail: true);
        var edition = await site.EditionAsync(title);
        await site.SentAsync(edition);
        await using var browser = await house.StaffAsync();
        await Tests.Harness.Eventually.TrueAsync(async () =>
        {
            await browser.OpenAsync(site.To($"editions/{edition}"));
            return await browser.Heading("What did not arrive").CountAsync() == 1;
        }, "the bounce shows", TimeSpan.FromMinutes(1));

        await Expect(browser.Page.GetByRole(AriaRole.Cell, new() { Name = "example.org", Exact = true })).ToBeVisibleAsync();
        await Expect(Bar(browser)).ToHaveAttributeAsync("aria-label", new Regex("bounced: 1"));
    }

    [Fact]
    public async Task The_deliveries_are_filtered_by_state_and_lead_to_the_reader()
    {
        var site = await house.PublicationAsync();
        var title = $"Listed {site.Slug}";
        var address = $"listed-{site.Slug}@example.com";
        await site.AddReadersAsync(address);
        await site.PublishedAsync(title, mail: true);
        var edition = await site.EditionAsync(title);
        await site.SentAsync(edition);
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To($"editions/{edition}"));
        var row = browser.Page.GetByRole(AriaRole.Link, new() { Name = address, Exact = true });
        await Expect(row).ToBeVisibleAsync();
        await browser.Page.GetByLabel("State").SelectOptionAsync("failed");
        await Expect(row).ToHaveCountAsync(0);
        await browser.Page.GetByLabel("State").SelectOptionAsync("");
        await row.ClickAsync();

        await Expect(browser.Heading(address)).ToBeVisibleAsync();
        await Expect(browser.Link(title)).ToBeVisibleAsync();
    }

    private static ILocator Bar(StaffBrowser browser) => browser.Page.Locator(".ledger");

    private static ILocator Fact(StaffBrowser browser, string name) =>
        browser.Page.Locator(".fact", new() { Has = browser.Page.GetByText(name, new() { Exact = true }) }).Locator(".fact__value");

    /// <summary>As a reader's browser does it: the one tracked link in the mail that leads there. Whoever follows one after the other is a program.</summary>
    private async Task FollowLinkAsync(string reader, string title, string to)
    {
        var letter = await house.MailAsync(reader, m => m.Subject.Contains(title, StringComparison.Ordinal), "the letter");
        var link = Regex.Matches(letter.Html, "href=\"(http[^\"]+/t/([^\"?]+)[^\"]*)\"").FirstOrDefault(m => Encoding.UTF8.GetString(Base64Url.DecodeFromChars(m.Groups[2].Value)).Contains(to, StringComparison.Ordinal));
        Assert.True(link is not null, $"No tracked link leads to {to}:\n{letter.Html}");
        var browser = house.Visitor();
        browser.DefaultRequestHeaders.UserAgent.ParseAdd("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
        using var answer = await browser.GetAsync(new Uri(System.Net.WebUtility.HtmlDecode(link.Groups[1].Value)));
        Assert.Contains(to, answer.Headers.Location!.ToString(), StringComparison.Ordinal);
    }
}
