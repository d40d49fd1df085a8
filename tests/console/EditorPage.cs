using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Somebody in front of the editor.</summary>
public sealed class EditorPage : IAsyncDisposable
{
    private EditorPage(StaffBrowser browser) => Browser = browser;

    public StaffBrowser Browser { get; }
    public ILocator Text => Browser.Field("Text, in Markdown");
    public ILocator State => Browser.Page.Locator(".editor__state");
    public ILocator Preview => Browser.Page.Locator("iframe[title=Preview]");

    public static Task<EditorPage> NewAsync(ConsoleHouse house, TestSite site, StaffBrowser? browser = null) => ShowAsync(house, site.To("write"), browser);

    public static Task<EditorPage> OpenAsync(ConsoleHouse house, TestSite site, string slug, StaffBrowser? browser = null) => ShowAsync(house, site.To($"posts/{slug}"), browser);

    public Task TitleAsync(string title) => Browser.Field("Title").FillAsync(title);

    /// <summary>At the end of the text, key by key.</summary>
    public async Task TypeAsync(string text)
    {
        await Text.PressAsync("Control+End");
        await Text.PressSequentiallyAsync(text);
    }

    public Task ReplaceAsync(string text) => Text.FillAsync(text);

    public async Task SaveAsync()
    {
        await Browser.Button("Save").ClickAsync();
        await Expect(Browser.Button("Save")).ToBeDisabledAsync();
        await Expect(Browser.Page).ToHaveURLAsync(new Regex("/posts/"));
        await ReadyAsync();
    }

    /// <summary>Looks at the preview with somebody's eyes.</summary>
    public async Task LooksAsync(string who, string shows, string? hides = null)
    {
        await Browser.Button(who).ClickAsync();
        await Expect(Browser.Button(who)).ToHaveAttributeAsync("aria-pressed", "true");
        await Expect(Preview).ToHaveAttributeAsync("srcdoc", new Regex(Regex.Escape(shows)));
        if (hides is not null) await Expect(Preview).Not.ToHaveAttributeAsync("srcdoc", new Regex(Regex.Escape(hides)));
    }

    /// <summary>The first preview is there when the page's script listens to the keys.</summary>
    public Task ReadyAsync() => Expect(Preview).ToHaveAttributeAsync("srcdoc", new Regex("<html"));

    public ValueTask DisposeAsync() => Browser.DisposeAsync();

    private static async Task<EditorPage> ShowAsync(ConsoleHouse house, string path, StaffBrowser? browser)
    {
        var editor = new EditorPage(browser ?? await house.StaffAsync());
        await editor.Browser.OpenAsync(path);
        await editor.ReadyAsync();
        return editor;
    }
}
