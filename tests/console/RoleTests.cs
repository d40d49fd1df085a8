using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Bug class: somebody sees or does what their role does not reach.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class RoleTests(ConsoleHouse house)
{
    private const string Nowhere = "There is nothing here";

    [Theory]
    [InlineData("author", "Home,Posts,Editions")]
    [InlineData("editor", "Home,Posts,Editions,Readers")]
    [InlineData("owner", "Home,Posts,Editions,Readers,Members,Settings,Audit log")]
    public async Task The_menu_shows_what_the_role_reaches(string role, string entries)
    {
        var site = await house.PublicationAsync();
        await using var browser = await site.InvitedAsync(role);
        await browser.OpenAsync(site.To());

        var shown = browser.Page.GetByRole(AriaRole.Navigation, new() { Name = "Publication", Exact = true }).GetByRole(AriaRole.Link);
        await Expect(shown).ToHaveTextAsync(entries.Split(','));
        await Expect(browser.Link("Operations")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task An_author_who_calls_the_addresses_of_other_pages_sees_nothing_of_them()
    {
        var site = await house.PublicationAsync();
        var reader = (await site.AddReadersAsync($"secret-{site.Slug}@example.com"))[0];
        await using var browser = await site.InvitedAsync("author");
        foreach (var page in (string[])["readers", $"readers/{reader}", "readers/import", "members", "settings", "settings/gate", "settings/senders", "settings/staff", "settings/keys", "audit"])
        {
            await browser.OpenAsync(site.To(page));
            var refused = browser.Page.Locator("main").GetByText(Nowhere).Or(browser.Page.Locator("main [role=alert]"));
            await Expect(refused.First).ToBeVisibleAsync();
            var shown = await browser.Page.Locator("main").InnerTextAsync();
            Assert.DoesNotContain("secret-", shown, StringComparison.Ordinal);
            await Expect(browser.Page.Locator("main").Locator("input, select, textarea, table, button")).ToHaveCountAsync(0);
        }
    }

    [Fact]
    public async Task An_author_writes_and_cannot_publish_or_send()
    {
        var site = await house.PublicationAsync();
        await using var browser = await site.InvitedAsync("author");
        await using var editor = await EditorPage.NewAsync(house, site, browser);
        await editor.TitleAsync("By an author");
        await editor.SaveAsync();

        await Expect(browser.Button("Publish …")).ToHaveCountAsync(0);
        await Expect(browser.Button("Test mail")).ToHaveCountAsync(0);
        Assert.Equal("draft", (await site.SourceOfAsync("by-an-author")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task An_author_may_read_a_published_post_in_the_editor_and_not_change_it()
    {
        var site = await house.PublicationAsync();
        var slug = await site.PublishedAsync("Out already");
        await using var browser = await site.InvitedAsync("author");
        await browser.OpenAsync(site.To($"posts/{slug}"));

        await Expect(browser.Field("Title")).ToHaveValueAsync("Out already");
        Assert.False(await browser.Field("Title").IsEditableAsync());
        Assert.False(await browser.Field("Text, in Markdown").IsEditableAsync());
        await Expect(browser.Button("Update")).ToHaveCountAsync(0);
        await Expect(browser.Button("Delete this post")).ToHaveCountAsync(0);
    }

    [Theory]
    [InlineData("")]
    [InlineData("posts")]
    [InlineData("editions")]
    [InlineData("readers")]
    [InlineData("members")]
    [InlineData("settings")]
    [InlineData("audit")]
    [InlineData("write")]
    public async Task An_owner_of_one_publication_finds_nothing_in_another(string page)
    {
        var mine = await MineAsync();
        var theirs = await house.PublicationAsync("Somebody Else's");
        await theirs.DraftAsync("Their secret draft");
        await using var browser = await house.StaffAsync(mine);
        var answer = await browser.Page.GotoAsync(browser.Console(theirs.To(page)).ToString());
        await browser.ConnectedAsync();

        Assert.Equal(404, answer!.Status);
        await Expect(browser.Heading(Nowhere)).ToBeVisibleAsync();
        var html = await browser.Page.ContentAsync();
        Assert.DoesNotContain("Somebody Else", html, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_owner_is_no_operator()
    {
        await using var browser = await house.StaffAsync(await MineAsync());
        await browser.OpenAsync("operations");

        await Expect(browser.Heading(Nowhere)).ToBeVisibleAsync();
        await Expect(browser.Page.GetByText("Outbox")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task An_operator_reaches_every_publication()
    {
        var site = await house.PublicationAsync("Operated");
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync("operations");
        await browser.Link("Operated").ClickAsync();

        await Expect(browser.Heading("The week at a glance")).ToBeVisibleAsync();
        await Expect(browser.Page).ToHaveURLAsync(browser.Console(site.To()).ToString());
    }

    [Fact]
    public async Task Somebody_with_two_publications_changes_between_them()
    {
        var first = await house.PublicationAsync("Morning Paper");
        var second = await house.PublicationAsync("Evening Paper");
        await using var browser = await first.InvitedAsync("owner");
        await second.SendAsync(HttpMethod.Post, "members", new { email = $"owner-{first.Slug}@example.com", role = "author" });
        await browser.OpenAsync(first.To());
        await browser.Page.Locator(".switch summary").ClickAsync();
        await browser.Page.GetByRole(AriaRole.Navigation, new() { Name = "Publications" }).GetByRole(AriaRole.Link, new() { Name = "Evening Paper" }).ClickAsync();

        await Expect(browser.Page).ToHaveURLAsync(browser.Console(second.To()).ToString());
        await Expect(browser.Link("Readers")).ToHaveCountAsync(0);
    }

    /// <summary>An owner of a publication of their own, the same for all cases.</summary>
    private async Task<string> MineAsync()
    {
        const string email = "owner-of-mine@example.com";
        using var known = await house.Staff().GetAsync("/api/v1/publications/mine");
        if (known.IsSuccessStatusCode) return email;
        var site = await TestSite.MakeAsync(house, "mine", "Mine");
        await site.SendAsync(HttpMethod.Post, "members", new { email, role = "owner" });
        return email;
    }
}
