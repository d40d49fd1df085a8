using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>From the first word to a published post.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class WritingTests(ConsoleHouse house)
{
    /// <summary>The smallest PNG: one pixel.</summary>
    private static readonly byte[] Picture = Convert.FromBase64String("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");

    [Fact]
    public async Task The_preview_shows_each_kind_of_reader_their_cut_while_it_is_written()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TitleAsync("For members");
        await editor.Browser.Field("Who may read it").SelectOptionAsync("paid");
        await editor.TypeAsync("Free words.\n\n");
        await editor.Browser.Button("End of the free preview").ClickAsync();
        await editor.TypeAsync("**Paid** words.");

        await editor.LooksAsync("Member", shows: "<strong>Paid</strong> words.");
        await editor.LooksAsync("Subscriber", shows: "Free words.", hides: "<strong>Paid</strong>");
        await editor.LooksAsync("Anonymous", shows: "Free words.", hides: "<strong>Paid</strong>");
        Assert.Contains("<!--more-->", await editor.Text.InputValueAsync(), StringComparison.Ordinal);
        Assert.Empty(editor.Browser.Errors);
    }

    [Fact]
    public async Task The_mail_is_shown_as_it_would_come_at_both_widths()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TitleAsync("In the mail");
        await editor.TypeAsync("The text of a letter.");
        await editor.LooksAsync("Mail", shows: "The text of a letter.");
        await Expect(editor.Browser.Page.GetByText("Subject", new() { Exact = true })).ToBeVisibleAsync();
        await editor.Browser.Button("Phone").ClickAsync();
        await Expect(editor.Browser.Page.Locator(".preview--phone")).ToBeVisibleAsync();
        var phone = (await editor.Preview.BoundingBoxAsync())!.Width;
        await editor.Browser.Button("Desktop").ClickAsync();
        await Expect(editor.Browser.Page.Locator(".preview--full")).ToBeVisibleAsync();
        var desktop = (await editor.Preview.BoundingBoxAsync())!.Width;

        Assert.True(phone <= 392 && desktop > phone, $"phone {phone}, desktop {desktop}");
    }

    [Fact]
    public async Task An_image_that_was_chosen_stands_in_the_text_and_in_the_preview()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TitleAsync("With a picture");
        await editor.Browser.Page.Locator(".editor input[type=file]").SetInputFilesAsync(new FilePayload { Name = "a tiny dot.png", MimeType = "image/png", Buffer = Picture });

        await Expect(editor.Text).ToHaveValueAsync(new Regex(@"^!\[a tiny dot\]\(http\S+/media/\S+\)\s*$"));
        await Expect(editor.Preview).ToHaveAttributeAsync("srcdoc", new Regex("<img[^>]+/media/"));
        var address = Regex.Match(await editor.Text.InputValueAsync(), @"\((http\S+)\)").Groups[1].Value;
        using var stored = await house.Visitor().GetAsync(new Uri(address));
        Assert.Equal("image/png", stored.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task An_image_from_before_is_picked_again()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.Browser.Page.Locator(".editor input[type=file]").SetInputFilesAsync(new FilePayload { Name = "dot.png", MimeType = "image/png", Buffer = Picture });
        await Expect(editor.Text).ToHaveValueAsync(new Regex("/media/"));
        await editor.ReplaceAsync("Nothing yet.");
        await editor.Browser.Button("An image from before").ClickAsync();
        await editor.Browser.Dialog.GetByRole(AriaRole.Button, new() { NameRegex = new("^PNG of .*1 × 1$") }).ClickAsync();

        await Expect(editor.Text).ToHaveValueAsync(new Regex(@"!\[\]\(http\S+/media/\S+\)"));
        await Expect(editor.Preview).ToHaveAttributeAsync("srcdoc", new Regex("<img[^>]+/media/"));
        Assert.Empty(editor.Browser.Errors);
    }

    [Fact]
    public async Task A_file_that_is_no_image_is_refused_with_words_and_the_text_stays()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TypeAsync("Before.");
        await editor.Browser.Page.Locator(".editor input[type=file]").SetInputFilesAsync(new FilePayload { Name = "x.png", MimeType = "image/png", Buffer = "no image"u8.ToArray() });

        await Expect(editor.Browser.Page.Locator(".mud-snackbar")).ToBeVisibleAsync();
        await Expect(editor.Text).ToHaveValueAsync("Before.");
    }

    [Fact]
    public async Task A_test_mail_with_what_was_typed_last_arrives_at_whoever_asked_for_it()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        var title = $"Tried out {site.Slug}";
        await editor.TitleAsync(title);
        await editor.TypeAsync("The very last words.");
        await editor.Browser.Button("Test mail").ClickAsync();

        var mail = await house.MailAsync(ConsoleHouse.Owner, m => m.Subject.Contains(title, StringComparison.Ordinal), "the test mail");
        Assert.Contains("The very last words.", mail.Text, StringComparison.Ordinal);
        Assert.Equal(0, (await site.GetAsync("posts?limit=10")).GetProperty("items").GetArrayLength());
    }

    [Fact]
    public async Task Saving_stores_all_fields_and_what_was_typed_last()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TitleAsync("All of it");
        await editor.Browser.Field("Authors").FillAsync("Ada Lovelace, Charles Babbage");
        await editor.Browser.Field("Summary").FillAsync("In short.");
        await editor.Browser.Field("Keep it open when the archive closes").CheckAsync();
        await editor.TypeAsync("Typed last");
        await editor.SaveAsync();

        var stored = await site.SourceOfAsync("all-of-it");
        Assert.Equal("Typed last", stored.GetProperty("body").GetString());
        Assert.Equal("In short.", stored.GetProperty("summary").GetString());
        Assert.Equal(["Ada Lovelace", "Charles Babbage"], stored.GetProperty("authors").EnumerateArray().Select(a => a.GetString()));
        Assert.True(stored.GetProperty("keepOpen").GetBoolean());
        await Expect(editor.Browser.Page).ToHaveURLAsync(editor.Browser.Console(site.To("posts/all-of-it")).ToString());
    }

    [Fact]
    public async Task A_draft_saves_itself_when_the_typing_rests()
    {
        var site = await house.PublicationAsync();
        var slug = await site.DraftAsync("Saves itself", "Once.");
        await using var editor = await EditorPage.OpenAsync(house, site, slug);
        await editor.TypeAsync(" And more.");

        await Expect(editor.State).ToHaveTextAsync("Saved");
        Assert.Equal("Once. And more.", (await site.SourceOfAsync(slug)).GetProperty("body").GetString());
    }

    [Fact]
    public async Task A_post_called_New_can_be_opened_again()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        await editor.TitleAsync("New");
        await editor.TypeAsync("Not the form for another.");
        await editor.SaveAsync();
        await editor.Browser.OpenAsync(site.To("posts/new"));

        await Expect(editor.Text).ToHaveValueAsync("Not the form for another.");
    }

    [Fact]
    public async Task A_digest_s_entries_are_written_in_a_form()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.NewAsync(house, site);
        var page = editor.Browser.Page;
        await editor.TitleAsync("Two papers");
        await editor.Browser.Field("Kind").SelectOptionAsync("digest");
        await editor.TypeAsync("## Vision\n");
        await AddEntryAsync(0, "First");
        await AddEntryAsync(1, "Second");
        await page.Locator("#entry-1-paper").FillAsync("https://papers.example/second");
        await page.Locator("#entry-1-paper").BlurAsync();
        await page.Locator(".entry").Nth(1).GetByRole(AriaRole.Button, new() { Name = "Move up" }).ClickAsync();
        await Expect(page.Locator(".entry summary").First).ToContainTextAsync("Second");
        await editor.SaveAsync();

        var entries = (await site.SourceOfAsync("two-papers")).GetProperty("entries").EnumerateArray().ToList();
        Assert.Equal(["Second", "First"], entries.Select(e => e.GetProperty("name").GetString()));
        Assert.Equal("https://papers.example/second", entries[0].GetProperty("links").GetProperty("paper").GetString());
        Assert.Equal("**What** it found: First.", entries[1].GetProperty("summary").GetString());

        async Task AddEntryAsync(int at, string name)
        {
            await editor.Browser.Button("Add an entry").ClickAsync();
            await page.Locator($"#entry-{at}-name").FillAsync(name);
            await page.Locator($"#entry-{at}-section").FillAsync("Vision");
            await page.Locator($"#entry-{at}-summary").FillAsync($"**What** it found: {name}.");
            await page.Locator($"#entry-{at}-summary").BlurAsync();
        }
    }

    [Fact]
    public async Task A_post_is_scheduled_for_a_time_where_the_publication_is_and_taken_back()
    {
        var site = await house.PublicationAsync();
        await site.SetAsync(new { timeZone = "Asia/Tokyo" });
        var slug = await site.DraftAsync("Later");
        await using var editor = await EditorPage.OpenAsync(house, site, slug);
        var browser = editor.Browser;
        var day = DateTime.UtcNow.Date.AddDays(60);
        await browser.Button("Publish …").ClickAsync();
        await browser.Dialog.GetByLabel("At a time").CheckAsync();
        await browser.Dialog.Locator("#at").FillAsync($"{day:yyyy-MM-dd}T08:00");
        await browser.DialogButton("Schedule").ClickAsync();
        await Expect(browser.Button("Do not publish")).ToBeVisibleAsync();
        Assert.Equal(new DateTimeOffset(day, TimeSpan.Zero).AddHours(-1), (await site.SourceOfAsync(slug)).GetProperty("scheduledAt").GetDateTimeOffset());

        await browser.Button("Do not publish").ClickAsync();
        await browser.DialogButton("Take it back").ClickAsync();
        await Expect(browser.Button("Publish …")).ToBeVisibleAsync();
        Assert.Equal("draft", (await site.SourceOfAsync(slug)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_time_that_is_past_is_refused_in_the_dialog()
    {
        var site = await house.PublicationAsync();
        await using var editor = await EditorPage.OpenAsync(house, site, await site.DraftAsync("Too late"));
        await editor.Browser.Button("Publish …").ClickAsync();
        await editor.Browser.Dialog.GetByLabel("At a time").CheckAsync();
        await editor.Browser.Dialog.Locator("#at").FillAsync("2001-01-01T08:00");
        await editor.Browser.DialogButton("Schedule").ClickAsync();

        await editor.Browser.SeeAsync("That is past.");
    }

    [Fact]
    public async Task A_published_post_changes_for_readers_when_somebody_says_so_and_goes_when_it_is_unpublished()
    {
        var site = await house.PublicationAsync();
        var slug = await site.PublishedAsync("Live", "Old words.");
        await using var editor = await EditorPage.OpenAsync(house, site, slug);
        await editor.ReplaceAsync("New words.");
        await editor.Browser.Button("Update").ClickAsync();
        await Expect(editor.State).ToHaveTextAsync("Saved");
        Assert.Contains("New words.", await house.Visitor().GetStringAsync($"{site.Base}/posts/{slug}"), StringComparison.Ordinal);

        await editor.Browser.Button("Unpublish").ClickAsync();
        await editor.Browser.DialogButton("Take it back").ClickAsync();
        await Expect(editor.Browser.Button("Publish …")).ToBeVisibleAsync();
        using var gone = await house.Visitor().GetAsync($"{site.Base}/posts/{slug}");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
    }

    [Fact]
    public async Task A_post_is_deleted_after_a_question()
    {
        var site = await house.PublicationAsync();
        var slug = await site.DraftAsync("Away with it");
        await using var editor = await EditorPage.OpenAsync(house, site, slug);
        await editor.Browser.Button("Delete this post").ClickAsync();
        await editor.Browser.DialogButton("No").ClickAsync();
        await Expect(editor.Browser.Dialog).ToHaveCountAsync(0);
        await editor.Browser.Button("Delete this post").ClickAsync();
        await editor.Browser.DialogButton("Delete it").ClickAsync();

        await Expect(editor.Browser.Heading("Posts")).ToBeVisibleAsync();
        await Expect(editor.Browser.Link("Away with it")).ToHaveCountAsync(0);
        using var gone = await house.Staff().GetAsync($"/api/v1/publications/{site.Slug}/posts/{slug}/source");
        Assert.Equal(System.Net.HttpStatusCode.NotFound, gone.StatusCode);
    }
}
