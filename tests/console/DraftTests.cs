using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Newsletter.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Bug class: what somebody wrote is gone, because the browser, the connection or the process was.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class DraftTests(ConsoleHouse house)
{
    private const string Kept = "This browser keeps changes that were never saved";
    private const string Away = "The connection is away.";
    private const string Lost = "The connection is lost.";

    [Fact]
    public async Task What_was_never_saved_comes_back_in_the_same_browser()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TitleAsync("Half a thought");
        await editor.TypeAsync("It was like this");
        await Expect(editor.State).ToHaveTextAsync("Not saved yet");
        await editor.Browser.Page.CloseAsync();

        var page = await editor.Browser.Context.NewPageAsync();
        await page.GotoAsync(editor.Browser.Console(site.To("write")).ToString());
        await page.GetByRole(AriaRole.Button, new() { Name = "Bring them back" }).ClickAsync();
        await Expect(page.GetByLabel("Text, in Markdown")).ToHaveValueAsync("It was like this");
        await Expect(page.GetByLabel("Title", new() { Exact = true })).ToHaveValueAsync("Half a thought");
    }

    [Fact]
    public async Task What_was_kept_can_be_thrown_away()
    {
        var site = await house.PublicationAsync();
        var slug = await site.PublishedAsync("Kept or not", "As published.");
        await using var editor = await EditorPage.OpenAsync(house, site, slug);
        await editor.ReplaceAsync("Second thoughts.");
        await Expect(editor.State).ToHaveTextAsync("Not saved yet");
        await using var again = await EditorPage.OpenAsync(house, site, slug, editor.Browser);
        await again.Browser.SeeAsync(Kept);
        await again.Browser.Button("Throw them away").ClickAsync();
        await Expect(again.Browser.Page.GetByText(Kept)).ToHaveCountAsync(0);

        await using var third = await EditorPage.OpenAsync(house, site, slug, editor.Browser);
        await Expect(third.Text).ToHaveValueAsync("As published.");
        await Expect(third.Browser.Page.GetByText(Kept)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task After_saving_nothing_is_kept_in_the_browser()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TitleAsync("Saved and done");
        await editor.TypeAsync("Words.");
        await editor.SaveAsync();

        Assert.Equal(0, await editor.Browser.Page.EvaluateAsync<int>("localStorage.length"));
        await using var other = await EditorPage.NewAsync(house, site, editor.Browser);
        await Expect(other.Browser.Page.GetByText(Kept)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Without_a_connection_the_page_says_so_and_what_is_typed_then_is_saved_when_it_is_back()
    {
        var site = await house.PublicationAsync();
        var slug = await site.PublishedAsync("In a tunnel", "Light.");
        await using var browser = await house.StaffAsync();
        var line = await Line.OfAsync(browser);
        await using var editor = await EditorPage.OpenAsync(house, site, slug, browser);
        await editor.TypeAsync(" Before.");
        await Expect(editor.State).ToHaveTextAsync("Not saved yet");
        await line.BreakAsync();
        await editor.Browser.SeeAsync(Away);
        await editor.TypeAsync(" Dark.");
        await editor.TitleAsync("In a long tunnel");
        await editor.Browser.Page.Locator("#summary").FillAsync("Of light.");
        await line.MendAsync();
        await Expect(editor.Browser.Page.GetByText(Away)).ToBeHiddenAsync();
        await editor.Browser.Button("Update").ClickAsync();
        await Expect(editor.State).ToHaveTextAsync("Saved");

        var saved = await site.SourceOfAsync(slug);
        Assert.Equal(("In a long tunnel", "Of light.", "Light. Before. Dark."), (saved.GetProperty("title").GetString(), saved.GetProperty("summary").GetString(), saved.GetProperty("body").GetString()));
    }

    [Fact]
    public async Task What_was_typed_while_the_process_was_killed_and_started_again_comes_back()
    {
        var site = await house.PublicationAsync();
        var slug = await site.PublishedAsync("Through a crash", "Solid.");
        await using var editor = await EditorPage.OpenAsync(house, site, slug);
        await house.Process.KillAsync();
        await editor.Browser.SeeAsync(Away);
        // The page has not heard of a single key.
        await editor.TypeAsync(" Ground.");
        house.Process.Start();
        await house.Process.ReadyAsync();
        await editor.Browser.SeeAsync(Lost);
        await editor.Browser.Button("Load the page again").ClickAsync();
        await editor.Browser.Button("Bring them back").ClickAsync();

        await Expect(editor.Text).ToHaveValueAsync("Solid. Ground.");
    }

    [Fact]
    public async Task On_a_slow_network_one_writes_and_saves()
    {
        var site = await house.PublicationAsync();
        await using var browser = await house.StaffAsync();
        var network = await browser.Context.NewCDPSessionAsync(browser.Page);
        await network.SendAsync("Network.enable");
        await network.SendAsync("Network.emulateNetworkConditions", new() { ["offline"] = false, ["latency"] = 400, ["downloadThroughput"] = 50_000, ["uploadThroughput"] = 20_000 });
        await using var editor = await EditorPage.NewAsync(house, site, browser);
        // Key by key: an answer to the first must not take back the second.
        await editor.Browser.Field("Title").PressSequentiallyAsync("Over a thin wire", new() { Delay = 30 });
        await editor.TypeAsync("Word by word by word.");
        await editor.SaveAsync();

        Assert.Equal("Word by word by word.", (await site.SourceOfAsync("over-a-thin-wire")).GetProperty("body").GetString());
        await Expect(editor.Text).ToHaveValueAsync("Word by word by word.");
    }

    [Fact]
    public async Task What_is_typed_while_a_new_post_is_being_saved_is_not_taken_for_saved()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TitleAsync("Slowly stored");
        await editor.TypeAsync("First.");
        await Expect(editor.Browser.Button("Save")).ToBeEnabledAsync();
        using (house.Locked("content"))
        {
            await editor.Browser.Button("Save").ClickAsync();
            await Expect(editor.State).ToHaveTextAsync("Saving …");
            await editor.TypeAsync(" Second.");
            await Expect(editor.State).ToHaveTextAsync("Not saved yet");
        }
        await Expect(editor.Browser.Page).ToHaveURLAsync(new Regex("/posts/slowly-stored"));

        // Out of use it takes no click: then it believes that all is saved.
        await Eventually.TrueAsync(async () =>
        {
            await editor.Browser.Button("Save").EvaluateAsync("button => button.click()");
            return (await site.SourceOfAsync("slowly-stored")).GetProperty("body").GetString() == "First. Second.";
        }, "all that was typed is stored");
    }

    [Theory]
    [InlineData("readers")]
    [InlineData("settings")]
    public async Task Before_the_connection_stands_no_field_takes_words(string page)
    {
        var site = await house.PublicationAsync();
        await using var browser = await house.StaffAsync();
        var answer = await browser.Context.APIRequest.GetAsync(browser.Console(site.To(page)).ToString());

        Assert.Matches("<fieldset[^>]* disabled[^>]*>(?s:.*)<input", await answer.TextAsync());
    }

    [Fact]
    public async Task Before_the_connection_stands_there_is_no_field_whose_words_would_be_lost()
    {
        var site = await house.PublicationAsync();
        var slug = await site.DraftAsync("Not yet");
        await using var browser = await house.StaffAsync();
        var answer = await browser.Context.APIRequest.GetAsync(browser.Console(site.To($"posts/{slug}")).ToString());

        Assert.Equal(200, answer.Status);
        Assert.DoesNotContain("<textarea", await answer.TextAsync(), StringComparison.Ordinal);
    }
}
