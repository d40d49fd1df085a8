using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>A dialog by the keyboard alone.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class DialogTests(ConsoleHouse house)
{
    private const string Page = "p/scipapermill/members";

    [Fact]
    public async Task A_dialog_holds_the_focus_and_gives_it_back()
    {
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(Page);
        await browser.Button("New tier").FocusAsync();
        await browser.Page.Keyboard.PressAsync("Enter");
        await Expect(browser.Dialog).ToBeVisibleAsync();
        for (var tab = 0; tab < 20; tab++)
        {
            await browser.Page.Keyboard.PressAsync("Tab");
            Assert.False(await browser.Page.EvaluateAsync<bool>("!!document.activeElement.closest('.shell')"), $"after {tab + 1} tabs the focus is behind the dialog");
        }
        await browser.Page.Keyboard.PressAsync("Escape");
        await Expect(browser.Dialog).ToHaveCountAsync(0);
        await Expect(browser.Button("New tier")).ToBeFocusedAsync();
    }

    [Fact]
    public async Task Escape_closes_a_dialog_wherever_the_focus_is()
    {
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(Page);
        await browser.Button("New tier").ClickAsync();
        await Expect(browser.Dialog).ToBeVisibleAsync();
        await Expect(browser.Dialog.Locator(":focus")).ToHaveCountAsync(1);
        await browser.Page.EvaluateAsync("document.activeElement.blur()");
        await browser.Page.Keyboard.PressAsync("Escape");
        await Expect(browser.Dialog).ToHaveCountAsync(0);
    }
}
