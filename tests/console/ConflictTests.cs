using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Bug class: two write the same post, and one of them loses words.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class ConflictTests(ConsoleHouse house)
{
    private const string Question = "Somebody else saved this post";

    [Fact]
    public async Task The_second_to_save_sees_both_texts_and_nothing_is_overwritten()
    {
        var (site, slug, second) = await TwoWriteAsync();
        await using var _ = second;
        await Expect(second.Browser.Heading(Question)).ToBeVisibleAsync();
        await Expect(second.State).ToHaveTextAsync("Not saved");
        await second.Browser.Page.GetByText("Their text").ClickAsync();

        await Expect(second.Browser.Page.Locator("pre").GetByText("The first's words.")).ToBeVisibleAsync();
        await Expect(second.Text).ToHaveValueAsync("The second's words.");
        Assert.Equal("The first's words.", (await site.SourceOfAsync(slug)).GetProperty("body").GetString());
    }

    [Fact]
    public async Task Taking_theirs_shows_all_of_theirs()
    {
        var (site, slug, second) = await TwoWriteAsync();
        await using var _ = second;
        await second.Browser.Button("Take theirs").ClickAsync();

        await Expect(second.Text).ToHaveValueAsync("The first's words.");
        await Expect(second.Browser.Field("Summary")).ToHaveValueAsync("The first's summary.");
        await Expect(second.Browser.Heading(Question)).ToHaveCountAsync(0);
        await second.TypeAsync(" Agreed.");
        await Expect(second.State).ToHaveTextAsync("Saved");
        Assert.Equal("The first's words. Agreed.", (await site.SourceOfAsync(slug)).GetProperty("body").GetString());
    }

    [Fact]
    public async Task Saving_over_theirs_stores_mine()
    {
        var (site, slug, second) = await TwoWriteAsync();
        await using var _ = second;
        await second.Browser.Button("Save mine over theirs").ClickAsync();

        await Expect(second.State).ToHaveTextAsync("Saved");
        await Expect(second.Browser.Heading(Question)).ToHaveCountAsync(0);
        var stored = await site.SourceOfAsync(slug);
        Assert.Equal("The second's words.", stored.GetProperty("body").GetString());
        Assert.Equal("The second's summary.", stored.GetProperty("summary").GetString());
    }

    [Fact]
    public async Task Saving_over_theirs_asks_again_when_they_saved_once_more()
    {
        var (site, slug, second) = await TwoWriteAsync();
        await using var _ = second;
        await Expect(second.Browser.Heading(Question)).ToBeVisibleAsync();
        await site.SendAsync(HttpMethod.Put, $"posts/{slug}", new { title = "For two", body = "Even newer words." });
        await second.Browser.Button("Save mine over theirs").ClickAsync();
        await second.Browser.Page.GetByText("Their text").ClickAsync();

        await Expect(second.Browser.Page.Locator("pre").GetByText("Even newer words.")).ToBeVisibleAsync();
        Assert.Equal("Even newer words.", (await site.SourceOfAsync(slug)).GetProperty("body").GetString());
    }

    [Fact]
    public async Task With_the_question_open_the_browser_may_close_and_mine_comes_back()
    {
        var (site, slug, second) = await TwoWriteAsync();
        await using var _ = second;
        await Expect(second.Browser.Heading(Question)).ToBeVisibleAsync();
        await using var again = await EditorPage.OpenAsync(house, site, slug, second.Browser);
        await Expect(again.Text).ToHaveValueAsync("The first's words.");
        await again.Browser.SeeAsync("The post was saved since by somebody.");
        await again.Browser.Button("Bring them back").ClickAsync();

        await Expect(again.Text).ToHaveValueAsync("The second's words.");
    }

    /// <summary>Both open the same draft; the first saves, and then the second's editor tries to.</summary>
    private async Task<(TestSite Site, string Slug, EditorPage Second)> TwoWriteAsync()
    {
        var site = await house.PublicationAsync();
        var slug = await site.DraftAsync("For two", "Before.");
        await using var first = await EditorPage.OpenAsync(house, site, slug);
        var second = await EditorPage.OpenAsync(house, site, slug);
        await first.Browser.Field("Summary").FillAsync("The first's summary.");
        await first.ReplaceAsync("The first's words.");
        await Expect(first.State).ToHaveTextAsync("Saved");
        Assert.Equal("The first's words.", (await site.SourceOfAsync(slug)).GetProperty("body").GetString());
        await second.Browser.Field("Summary").FillAsync("The second's summary.");
        await second.ReplaceAsync("The second's words.");
        return (site, slug, second);
    }
}
