using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests;

/// <summary>The pages in Debian's Chromium: what only a browser shows.</summary>
[Collection(nameof(StandaloneCollection))]
public sealed class BrowserTests(StandaloneHouse house) : IAsyncLifetime
{
    private IPlaywright _playwright = null!;
    private IBrowser _chromium = null!;

    public async ValueTask InitializeAsync()
    {
        _playwright = await Playwright.CreateAsync();
        _chromium = await _playwright.Chromium.LaunchAsync(new()
        {
            ExecutablePath = Environment.GetEnvironmentVariable("NEWSLETTER_TEST_CHROMIUM") is { Length: > 0 } path ? path : "/usr/bin/chromium",
            Args = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking"],
        });
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        _playwright.Dispose();
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/archive")]
    [InlineData("/posts/deep-learning-2026-07-04")]
    [InlineData("/posts/speech-2026-06-13")]
    [InlineData("/search?q=robotics")]
    [InlineData("/subscribe")]
    [InlineData("/sign-in")]
    [InlineData("/plans")]
    public async Task A_page_has_no_accessibility_violations_and_no_blocked_content(string path)
    {
        foreach (var scheme in (ColorScheme[])[ColorScheme.Light, ColorScheme.Dark])
        {
            var page = await _chromium.NewPageAsync(new() { ColorScheme = scheme, ViewportSize = new() { Width = 390, Height = 844 } });
            List<string> errors = [];
            page.Console += (_, message) =>
            {
                if (message.Type == "error") errors.Add(message.Text);
            };
            await page.GotoAsync(house.BaseUrlOf("scipapermill") + path);
            var result = await page.RunAxe();
            Assert.True(result.Violations.Length == 0, string.Join("\n", result.Violations.Select(v => $"{v.Id}: {v.Help} ({v.Nodes.FirstOrDefault()?.Html})")));
            Assert.Empty(errors);
            Assert.True(await page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), $"{path} does not scroll sideways on a phone");
            await page.CloseAsync();
        }
    }

    [Fact]
    public async Task The_nudge_comes_after_half_the_page_is_dismissed_and_stays_away_for_the_day()
    {
        await using var context = await _chromium.NewContextAsync();
        var page = await context.NewPageAsync();
        var digest = house.BaseUrlOf("scipapermill") + "/posts/deep-learning-2026-07-04";
        await page.GotoAsync(digest);
        var nudge = page.Locator("dialog[data-nudge]");
        Assert.False(await nudge.IsVisibleAsync());

        await page.EvaluateAsync("scrollTo(0, document.documentElement.scrollHeight * 0.6)");
        await nudge.WaitForAsync(new() { State = WaitForSelectorState.Visible });
        await page.GetByText("Continue reading").ClickAsync();
        await nudge.WaitForAsync(new() { State = WaitForSelectorState.Hidden });

        await page.GotoAsync(digest);
        await page.EvaluateAsync("scrollTo(0, document.documentElement.scrollHeight * 0.6)");
        await page.EvaluateAsync("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))");
        Assert.False(await nudge.IsVisibleAsync());
    }
}
