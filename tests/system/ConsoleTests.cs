using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Newsletter.ConsoleTests;
using Newsletter.Tests.Harness;
using Npgsql;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.SystemTests;

/// <summary>Bug class: the console works beside the services, and not as a process of its own behind the gateway.</summary>
[Collection(nameof(DistributedCollection))]
public sealed class ConsoleTests(DistributedHouse house) : IAsyncLifetime
{
    private const string Owner = "owner@example.com";
    private const string Api = "/api/v1/publications/scipapermill";
    private static string? _session;
    private IPlaywright _playwright = null!;
    private IBrowser _chromium = null!;

    public async ValueTask InitializeAsync()
    {
        SetDefaultExpectTimeout(StaffBrowser.PatienceMs);
        (_playwright, _chromium) = await StaffBrowser.LaunchAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _chromium.DisposeAsync();
        _playwright.Dispose();
    }

    [Fact]
    public async Task Staff_sign_in_through_the_gateway_and_work_over_a_web_socket()
    {
        await using var browser = await StaffAsync();
        List<string> sockets = [];
        browser.Page.WebSocket += (_, socket) => sockets.Add(socket.Url);
        await browser.OpenAsync("p/scipapermill/posts");
        await browser.Field("Search titles").FillAsync("learnt to listen");
        await browser.Field("Search titles").PressAsync("Enter");

        await Expect(browser.Page.GetByRole(AriaRole.Table).GetByRole(AriaRole.Link).First).ToHaveTextAsync("How machines learnt to listen");
        Assert.StartsWith($"ws://{house.Address.Authority}/_blazor", Assert.Single(sockets), StringComparison.Ordinal);
        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task The_preview_wears_the_publication_s_colour_and_asks_nothing_of_its_host()
    {
        await using var browser = await StaffAsync();
        await browser.OpenAsync("p/scipapermill/posts/deep-learning-2026-07-04");
        await Expect(browser.Page.Locator("iframe[title=Preview]")).ToHaveAttributeAsync("srcdoc", new System.Text.RegularExpressions.Regex("--accent: #0f5e63"));
        await Expect(browser.Page.FrameLocator("iframe[title=Preview]").Locator("h1")).ToBeVisibleAsync();
        await browser.Page.WaitForLoadStateAsync(LoadState.NetworkIdle);

        Assert.Empty(browser.Errors);
    }

    [Fact]
    public async Task After_the_console_was_killed_and_started_again_one_goes_on_with_what_one_wrote()
    {
        var slug = $"through-{Guid.NewGuid().ToString("N")[..8]}";
        using (var made = await house.Staff().PostAsJsonAsync($"{Api}/posts", new { slug, title = slug, body = "Before." })) Assert.Equal(HttpStatusCode.Created, made.StatusCode);
        await using var browser = await StaffAsync();
        var text = browser.Field("Text, in Markdown");
        await browser.OpenAsync($"p/scipapermill/posts/{slug}");
        await Expect(browser.Page.Locator("iframe[title=Preview]")).ToHaveAttributeAsync("srcdoc", new System.Text.RegularExpressions.Regex("<html"));
        await house["console"].KillAsync();
        try
        {
            await browser.SeeAsync("The connection is away.");
            await text.FillAsync("Before. Meanwhile.");
        }
        finally
        {
            house["console"].Start();
            await house["console"].ReadyAsync();
        }
        await browser.Button("Load the page again").ClickAsync();
        await browser.Button("Bring them back").ClickAsync();
        await Expect(text).ToHaveValueAsync("Before. Meanwhile.");
        await Expect(browser.Page.Locator(".editor__state")).ToHaveTextAsync("Saved");

        var stored = await house.Staff().GetFromJsonAsync<JsonElement>($"{Api}/posts/{slug}/source");
        Assert.Equal("Before. Meanwhile.", stored.GetProperty("body").GetString());
    }

    [Fact]
    public async Task What_failed_is_done_again_by_a_click_when_its_cause_is_gone()
    {
        var slug = $"again-{Guid.NewGuid().ToString("N")[..8]}";
        await using var browser = await StaffAsync();
        await ExecuteAsync("ALTER TABLE post_copies RENAME TO post_copies_away");
        try
        {
            using var made = await house.Staff().PostAsJsonAsync($"{Api}/posts", new { slug, title = slug, body = "Text." });
            using var published = await house.Staff().PostAsJsonAsync($"{Api}/posts/{slug}/publish", new { mail = true });
            published.EnsureSuccessStatusCode();
            await Eventually.TrueAsync(
                async () => (await house.Staff().GetFromJsonAsync<JsonElement>("/api/v1/operations/mailer/errors")).GetProperty("items").EnumerateArray()
                    .Any(e => e.GetProperty("queue").GetString() == "mailer-post_error"), "the message in the error queue", TimeSpan.FromMinutes(2));
        }
        finally
        {
            await ExecuteAsync("ALTER TABLE post_copies_away RENAME TO post_copies");
        }
        await browser.OpenAsync("operations");
        var row = browser.Page.GetByRole(AriaRole.Row).Filter(new() { Has = browser.Page.GetByText("mailer-post", new() { Exact = true }) });
        await row.GetByRole(AriaRole.Button).ClickAsync();
        await browser.SeeAsync("PostChanged");
        await browser.Button("Replay mailer-post").ClickAsync();

        await browser.SeeAsync("on their way again.");
        await Eventually.TrueAsync(
            async () => (await house.Staff().GetFromJsonAsync<JsonElement>($"{Api}/editions")).GetProperty("items").EnumerateArray()
                .Any(e => e.GetProperty("subject").GetString()!.Contains(slug, StringComparison.Ordinal)), "the post's edition", TimeSpan.FromMinutes(1));
        await Expect(row.GetByRole(AriaRole.Button)).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("/console")]
    [InlineData("/console/p/scipapermill/posts?state=draft")]
    public async Task A_publication_s_own_host_leads_to_the_installation_s(string path)
    {
        using var answer = await house.Visitor().GetAsync(new Uri(house.BaseUrlOf("scipapermill") + path));

        Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode);
        Assert.Equal(new Uri(house.Address, path), answer.Headers.Location);
    }

    private async Task<StaffBrowser> StaffAsync()
    {
        if (_session is null)
        {
            await using var first = await StaffBrowser.OpenAsync(house, _chromium, Look.Desktop, null);
            await first.SignInAsync(Owner);
            _session = await first.Context.StorageStateAsync();
        }
        return await StaffBrowser.OpenAsync(house, _chromium, Look.Desktop, _session);
    }

    private async Task ExecuteAsync(string sql)
    {
        await using var source = NpgsqlDataSource.Create(house.DatabaseOf("mailer").ConnectionString);
        await using var command = source.CreateCommand(sql);
        await command.ExecuteNonQueryAsync();
    }
}
