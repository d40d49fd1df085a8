using System.Text;
using Microsoft.Playwright;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Readers come in as a file and go out as one.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class ImportTests(ConsoleHouse house)
{
    [Fact]
    public async Task A_file_comes_in_with_its_counts_and_the_refused_lines_by_number()
    {
        var site = await house.PublicationAsync();
        await site.AddReadersAsync($"known-{site.Slug}@example.com");
        // More than one part: line numbers are those of the whole file.
        var file = new StringBuilder("email,name,cadence\n");
        for (var line = 2; line <= 1500; line++)
        {
            file.Append(line switch
            {
                7 => "not an address,,\n",
                1234 => $"odd-{site.Slug}@example.com,,sometimes\n",
                1300 => $"known-{site.Slug}@example.com,,\n",
                _ => $"in-{line}-{site.Slug}@example.com,Reader {line},weekly\n",
            });
        }
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To("readers/import"));
        await browser.Page.GetByLabel("I have the consent of everybody in this file.").CheckAsync();
        await browser.Field("File").SetInputFilesAsync(Csv(file.ToString()));

        await browser.SeeAsync("1 499 of 1 499 lines · 1 496 added · 1 known already · 2 refused");
        await browser.SeeAsync("Done. 1 496 readers came along.");
        await Expect(browser.Page.GetByRole(AriaRole.Row)).ToHaveTextAsync(["LineWhy", "7This is not an address that mail can be sent to.", "1234The cadence is none of every_post, weekly, none."]);
        var readers = await site.GetAsync("statistics/readers?days=1");
        Assert.Equal(1497, readers.GetProperty("totals").GetProperty("active").GetInt32());
    }

    [Fact]
    public async Task A_file_without_the_column_for_addresses_says_so_beside_the_field_and_another_may_be_chosen()
    {
        var site = await house.PublicationAsync();
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To("readers/import"));
        await browser.Field("File").SetInputFilesAsync(Csv("mail\nada@example.com\n"));
        await Expect(browser.Page.GetByRole(AriaRole.Alert).First).ToContainTextAsync("email");
        await browser.Field("File").SetInputFilesAsync(Csv($"email\nada-{site.Slug}@example.com\n"));

        await browser.SeeAsync("Done. 1 reader came along.");
    }

    [Fact]
    public async Task The_readers_are_exported_as_a_file()
    {
        var site = await house.PublicationAsync();
        var address = $"out-{site.Slug}@example.com";
        await site.AddReadersAsync(address);
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To("readers"));
        var download = await browser.Page.RunAndWaitForDownloadAsync(() => browser.Button("Export CSV").ClickAsync());

        Assert.Equal($"{site.Slug}-readers.csv", download.SuggestedFilename);
        Assert.Contains(address, await File.ReadAllTextAsync(await download.PathAsync()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Readers_are_found_by_the_beginning_of_their_address_and_by_status()
    {
        var site = await house.PublicationAsync();
        await site.AddReadersAsync($"anna-{site.Slug}@example.com", $"bert-{site.Slug}@example.com");
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To("readers"));
        await browser.Field("Search readers").FillAsync("anna");
        await browser.Field("Search readers").PressAsync("Enter");
        await Expect(browser.Link($"bert-{site.Slug}@example.com")).ToHaveCountAsync(0);
        await Expect(browser.Link($"anna-{site.Slug}@example.com")).ToBeVisibleAsync();
        await browser.Field("Status").SelectOptionAsync("unsubscribed");

        await browser.SeeAsync("No reader fits.");
    }

    [Fact]
    public async Task A_reader_is_added_tagged_given_access_and_erased()
    {
        var site = await house.PublicationAsync();
        await site.SendAsync(HttpMethod.Post, "tiers", new { slug = "friends", name = "Friends", currency = "eur", prices = new { month = 500 } });
        var address = $"whole-{site.Slug}@example.com";
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync(site.To("readers"));
        await browser.Button("Add a reader").ClickAsync();
        await browser.Dialog.GetByLabel("Email address").FillAsync(address);
        await browser.Dialog.GetByLabel("Name").FillAsync("Whole Story");
        await browser.Dialog.GetByLabel("They told me that they want it.").CheckAsync();
        await browser.DialogButton("Add").ClickAsync();
        await Expect(browser.Heading("Whole Story")).ToBeVisibleAsync();

        await browser.Field("Tags").FillAsync("early, press");
        await browser.Button("Save").ClickAsync();
        await browser.SeeAsync("Saved.");
        Assert.Equal(1, (await site.GetAsync("subscribers?tag=press")).GetProperty("items").GetArrayLength());

        await browser.Link("Give access").ClickAsync();
        await browser.DialogButton("Give").ClickAsync();
        await Expect(browser.Page.GetByRole(AriaRole.Cell, new() { Name = "friends Complimentary", Exact = true })).ToBeVisibleAsync();

        await browser.Page.GoBackAsync();
        await Expect(browser.Heading("Whole Story")).ToBeVisibleAsync();
        await browser.Button("Erase").ClickAsync();
        await browser.DialogButton("Erase").ClickAsync();
        await Expect(browser.Heading("Readers")).ToBeVisibleAsync();
        await Expect(browser.Link(address)).ToHaveCountAsync(0);
    }

    private static FilePayload Csv(string text) => new() { Name = "readers.csv", MimeType = "text/csv", Buffer = Encoding.UTF8.GetBytes(text) };
}
