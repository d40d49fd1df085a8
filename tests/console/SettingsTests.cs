using System.Net;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>What owners set, and operators.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class SettingsTests(ConsoleHouse house)
{
    [Fact]
    public async Task The_publication_is_changed()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "settings");
        await browser.Field("Name").FillAsync("Another Name");
        await browser.Field("Time zone").FillAsync("Europe/Berlin");
        await browser.Field("Postal address").FillAsync("1 Press Lane\nLondon");
        await browser.Button("Save").ClickAsync();

        await browser.SeeAsync("Saved.");
        var stored = await site.GetAsync("");
        Assert.Equal("Another Name", stored.GetProperty("name").GetString());
        Assert.Equal("Europe/Berlin", stored.GetProperty("timeZone").GetString());
        Assert.Equal("1 Press Lane\nLondon", stored.GetProperty("postalAddress").GetString());
    }

    [Fact]
    public async Task What_the_publication_cannot_be_is_told_beside_the_field()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "settings");
        await browser.Field("Time zone").FillAsync("Mars/Olympus");
        await browser.Button("Save").ClickAsync();

        await Expect(browser.Page.Locator("#zone-error")).ToBeVisibleAsync();
        await Expect(browser.Field("Time zone")).ToHaveAttributeAsync("aria-describedby", "zone-hint zone-error");
        await Expect(browser.Field("Time zone")).ToHaveAttributeAsync("aria-invalid", "true");
        await Expect(browser.Field("Time zone")).ToHaveValueAsync("Mars/Olympus");
    }

    [Fact]
    public async Task What_was_optional_can_be_taken_back()
    {
        var site = await house.PublicationAsync();
        await site.SetAsync(new { replyTo = "answers@example.com", gate = new { archiveAfterDays = 30 } });
        await using var browser = await OpenAsync(site, "settings");
        await browser.Field("Answers go to").ClearAsync();
        await browser.Button("Save").ClickAsync();
        await browser.SeeAsync("Saved.");
        await browser.Link("Gate").ClickAsync();
        await browser.Field("The archive closes after").ClearAsync();
        await browser.Button("Save").ClickAsync();
        await Expect(browser.Field("The archive closes after")).ToHaveValueAsync("");

        await Tests.Harness.Eventually.TrueAsync(async () =>
        {
            var staff = (await site.GetAsync("")).GetProperty("staff");
            return IsNone(staff, "replyTo") && IsNone(staff.GetProperty("gate"), "archiveAfterDays");
        }, "both are taken back", TimeSpan.FromMilliseconds(StaffBrowser.PatienceMs));

        static bool IsNone(System.Text.Json.JsonElement of, string name) => !of.TryGetProperty(name, out var value) || value.ValueKind == System.Text.Json.JsonValueKind.Null;
    }

    [Fact]
    public async Task Topics_are_named_renamed_and_removed()
    {
        var site = await house.PublicationAsync();
        await site.SetAsync(new { topics = new[] { new { slug = "vision", name = "Vision" }, new { slug = "audio", name = "Audio" } } });
        await using var browser = await OpenAsync(site, "settings/topics");
        await browser.Page.Locator("#topic-0").FillAsync("Seeing");
        await browser.Button("Remove Audio").ClickAsync();
        await Expect(browser.Button("Remove Audio")).ToHaveCountAsync(0);
        await browser.Button("Another topic").ClickAsync();
        await browser.Page.Locator("#topic-1").FillAsync("Machines & People");
        await browser.Button("Save").ClickAsync();

        await browser.SeeAsync("Saved.");
        var topics = (await site.GetAsync("")).GetProperty("topics").EnumerateArray().Select(t => (t.GetProperty("slug").GetString(), t.GetProperty("name").GetString()));
        Assert.Equal([("vision", "Seeing"), ("machines-people", "Machines & People")], topics);
    }

    [Fact]
    public async Task The_roundup_gets_another_slot()
    {
        var site = await house.PublicationAsync();
        var roundup = (await site.GetAsync("")).GetProperty("newsletters").EnumerateArray().Single(n => n.GetProperty("kind").GetString() == "roundup").GetProperty("slug").GetString();
        await using var browser = await OpenAsync(site, "settings/newsletters");
        await browser.Page.Locator($"#{roundup}-day").SelectOptionAsync("friday");
        await browser.Page.Locator($"#{roundup}-time").FillAsync("17:30");
        await browser.Page.Locator($"#{roundup}-zone").SelectOptionAsync("reader");
        await browser.Page.Locator(".card", new() { Has = browser.Page.Locator($"#{roundup}-day") }).GetByRole(AriaRole.Button, new() { Name = "Save" }).ClickAsync();
        await browser.SeeAsync("Saved.");

        var schedule = (await site.GetAsync("")).GetProperty("newsletters").EnumerateArray().Single(n => n.GetProperty("slug").GetString() == roundup).GetProperty("schedule");
        Assert.Equal("friday", schedule.GetProperty("day").GetString());
        Assert.Equal("17:30", schedule.GetProperty("time").GetString());
        Assert.True(schedule.GetProperty("inReadersZone").GetBoolean());
    }

    [Fact]
    public async Task The_gate_is_set()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "settings/gate");
        await browser.Field("The archive closes after").FillAsync("30");
        await browser.Field("and then asks for").SelectOptionAsync("paid");
        await browser.Field("Free gated posts each month").FillAsync("3");
        await browser.Field("Suggest a subscription to visitors on public posts, once a day").UncheckAsync();
        await browser.Button("Save").ClickAsync();
        await browser.SeeAsync("Saved.");

        var gate = (await site.GetAsync("")).GetProperty("staff").GetProperty("gate");
        Assert.Equal(30, gate.GetProperty("archiveAfterDays").GetInt32());
        Assert.Equal("paid", gate.GetProperty("archiveAccess").GetString());
        Assert.Equal(3, gate.GetProperty("meterPerMonth").GetInt32());
        Assert.False(gate.GetProperty("nudge").GetBoolean());
    }

    [Fact]
    public async Task Staff_are_invited_get_another_role_and_go()
    {
        var site = await house.PublicationAsync();
        var email = $"colleague-{site.Slug}@example.com";
        await using var browser = await OpenAsync(site, "settings/staff");
        await browser.Field("Invite somebody").FillAsync(email);
        await browser.Button("Invite").ClickAsync();
        await house.MailAsync(email, m => m.Text.Contains("/console/sign-in?", StringComparison.Ordinal), "the invitation");
        await browser.Field($"Role of {email}").SelectOptionAsync("editor");
        await browser.SeeAsync("Saved.");
        Assert.Contains((await site.GetAsync("members")).GetProperty("items").EnumerateArray(), m => m.GetProperty("email").GetString() == email && m.GetProperty("role").GetString() == "editor");

        await Row(browser, email).GetByRole(AriaRole.Button, new() { Name = "Remove" }).ClickAsync();
        await browser.DialogButton("Remove").ClickAsync();
        await Expect(Row(browser, email)).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_role_that_is_refused_is_not_shown_as_though_it_were_given()
    {
        var site = await house.PublicationAsync();
        var owners = (await site.GetAsync("members")).GetProperty("items").EnumerateArray().Where(m => m.GetProperty("role").GetString() == "owner").ToList();
        foreach (var other in owners.Skip(1)) await site.SendAsync(HttpMethod.Delete, $"members/{other.GetProperty("id").GetGuid()}");
        if (owners.Count == 0) await site.SendAsync(HttpMethod.Post, "members", new { email = $"last-{site.Slug}@example.com", role = "owner" });
        await using var browser = await OpenAsync(site, "settings/staff");
        var role = browser.Page.Locator("table select");
        await role.SelectOptionAsync("author");
        await Expect(browser.Page.Locator(".mud-snackbar")).ToBeVisibleAsync();

        await Expect(role).ToHaveValueAsync("owner");
    }

    [Fact]
    public async Task A_key_is_shown_once_works_and_is_revoked()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "settings/keys");
        await browser.Field("New key for").FillAsync("The importer");
        await browser.Field("Role").SelectOptionAsync("editor");
        await browser.Button("Make it").ClickAsync();
        var key = await browser.Page.Locator(".note code").InnerTextAsync();
        using (var called = await house.Staff(key).GetAsync($"/api/v1/publications/{site.Slug}/posts")) Assert.Equal(HttpStatusCode.OK, called.StatusCode);
        await browser.OpenAsync(site.To("settings/keys"));
        await Expect(Row(browser, "The importer")).ToBeVisibleAsync();
        Assert.DoesNotContain(key, await browser.Page.ContentAsync(), StringComparison.Ordinal);

        await Row(browser, "The importer").GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await browser.DialogButton("Revoke").ClickAsync();
        await Expect(Row(browser, "The importer")).ToContainTextAsync("Revoked");
    }

    [Fact]
    public async Task An_operator_makes_a_publication_suspends_it_and_opens_it_again()
    {
        var slug = $"made-{Guid.NewGuid().ToString("N")[..8]}";
        await using var browser = await OpenAsync(null, "operations");
        await browser.Field("New publication").FillAsync($"Made {slug}");
        await browser.Field("Slug").FillAsync(slug);
        await browser.Button("Make it").ClickAsync();
        await Expect(browser.Heading("Settings")).ToBeVisibleAsync();
        await browser.OpenAsync("operations");
        await Row(browser, slug).GetByRole(AriaRole.Button, new() { Name = "Suspend" }).ClickAsync();
        await browser.DialogButton("Suspend").ClickAsync();
        await Expect(Row(browser, slug)).ToContainTextAsync("Suspended");
        await ShowsAsync(slug, HttpStatusCode.NotFound, HttpStatusCode.ServiceUnavailable, HttpStatusCode.Gone, HttpStatusCode.Forbidden);

        await Row(browser, slug).GetByRole(AriaRole.Button, new() { Name = "Open again" }).ClickAsync();
        await Expect(Row(browser, slug)).Not.ToContainTextAsync("Suspended");
        await ShowsAsync(slug, HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_tier_is_made_changed_and_no_longer_sold()
    {
        var site = await house.PublicationAsync();
        await using var browser = await OpenAsync(site, "members");
        await browser.Button("New tier").ClickAsync();
        await browser.Dialog.GetByLabel("Name").FillAsync("Patron");
        await browser.Dialog.GetByLabel("Slug").FillAsync("patron");
        await browser.Dialog.GetByLabel("A month").FillAsync("12.50");
        await browser.DialogButton("Save").ClickAsync();
        await Expect(browser.Page.GetByRole(AriaRole.Cell, new() { Name = "12.50 EUR" })).ToBeVisibleAsync();
        await browser.Button("Patron").ClickAsync();
        await browser.Dialog.GetByLabel("It is sold").UncheckAsync();
        await browser.DialogButton("Save").ClickAsync();

        await browser.SeeAsync("not sold");
    }

    [Fact]
    public async Task Access_that_is_given_shows_the_reader_s_address_and_is_taken_back()
    {
        var site = await house.PublicationAsync();
        var email = $"given-{site.Slug}@example.com";
        await site.AddReadersAsync(email);
        await site.SendAsync(HttpMethod.Post, "tiers", new { slug = "patron", name = "Patron", currency = "EUR", prices = new { month = 500 } });
        await using var browser = await OpenAsync(site, "members");
        await browser.Button("Give access").ClickAsync();
        await browser.Dialog.GetByLabel("The reader's address").FillAsync(email);
        await browser.DialogButton("Give").ClickAsync();
        await Expect(Row(browser, email)).ToContainTextAsync("patron");
        await Row(browser, email).GetByRole(AriaRole.Button, new() { Name = "Take back" }).ClickAsync();
        await browser.DialogButton("Take it back").ClickAsync();

        await Expect(browser.Page.GetByRole(AriaRole.Button, new() { Name = "Take back" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_audit_log_tells_who_changed_what_from_what_to_what()
    {
        var site = await house.PublicationAsync("Named Before");
        await using (var settings = await OpenAsync(site, "settings"))
        {
            await settings.Field("Name").FillAsync("Named After");
            await settings.Button("Save").ClickAsync();
            await settings.SeeAsync("Saved.");
        }
        await Tests.Harness.Eventually.TrueAsync(
            async () => (await site.GetAsync("audit")).GetProperty("items").GetRawText().Contains("Named After", StringComparison.Ordinal), "the change is in the log");
        await using var browser = await OpenAsync(site, "audit");
        var entry = browser.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Named After" });
        await entry.Locator("summary").ClickAsync();

        await Expect(entry).ToContainTextAsync(ConsoleHouse.Owner);
        await Expect(entry.GetByText("Named Before")).ToBeVisibleAsync();
        await Expect(entry.GetByText("Named After")).ToBeVisibleAsync();
    }

    private async Task<StaffBrowser> OpenAsync(TestSite? site, string page)
    {
        var browser = await house.StaffAsync();
        await browser.OpenAsync(site?.To(page) ?? page);
        return browser;
    }

    private static ILocator Row(StaffBrowser browser, string text) => browser.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = text });

    private Task ShowsAsync(string slug, params HttpStatusCode[] expected) => Tests.Harness.Eventually.TrueAsync(async () =>
    {
        using var answer = await house.Visitor().GetAsync($"{house.BaseUrlOf(slug)}/");
        return expected.Contains(answer.StatusCode);
    }, $"{slug} answers {string.Join(" or ", expected)}");
}
