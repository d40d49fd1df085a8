using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Playwright;
using Newsletter.Tests.Harness;
using static Microsoft.Playwright.Assertions;

namespace Newsletter.ConsoleTests;

/// <summary>Bug class: where there is no broker, what failed is nowhere to be seen, or cannot be done again.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class OperationsTests(ConsoleHouse house)
{
    [Fact]
    public async Task What_failed_without_a_broker_shows_is_tried_again_by_a_click_and_is_done_when_its_cause_is_gone()
    {
        var site = await house.PublicationAsync();
        var title = $"Tried again {site.Slug}";
        await site.AddReadersAsync($"again-{site.Slug}@example.com");
        await using var browser = await house.StaffAsync();
        var row = browser.Page.GetByRole(AriaRole.Row).Filter(new() { Has = browser.Page.GetByText("PostChanged", new() { Exact = true }) });
        house.Execute("mailer", "ALTER TABLE post_copies RENAME TO post_copies_away");
        try
        {
            await site.PublishedAsync(title, mail: true);
            await Eventually.TrueAsync(async () => (await FailuresAsync()).GetArrayLength() > 0, "a row of the outbox that failed", TimeSpan.FromMinutes(2));
            await browser.OpenAsync("operations");
            await row.GetByRole(AriaRole.Button).ClickAsync();
            await browser.SeeAsync("SqliteException");
            await browser.Button("Replay PostChanged").ClickAsync();
            await browser.SeeAsync("on their way again.");
        }
        finally
        {
            house.Execute("mailer", "ALTER TABLE post_copies_away RENAME TO post_copies");
        }
        // Where the replay failed again late, the next try is a minute away.
        await site.EditionAsync(title, TimeSpan.FromMinutes(3));
        await Expect(row).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_publications_rate_is_set_and_taken_away()
    {
        var site = await house.PublicationAsync("A slow one");
        await using var browser = await house.StaffAsync();
        await browser.OpenAsync("operations");
        var rate = browser.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = site.Slug }).GetByLabel("Letters of editions a second");
        await rate.FillAsync("2.5");
        await rate.BlurAsync();
        await browser.SeeAsync("Saved.");
        Assert.Equal(2.5, (await site.GetAsync("senders/accounts")).GetProperty("items")[0].GetProperty("publicationRate").GetDouble());

        await browser.OpenAsync("operations");
        await Expect(rate).ToHaveValueAsync("2.5");
        await rate.FillAsync("");
        await rate.BlurAsync();
        await browser.SeeAsync("Saved.");
        Assert.Equal(JsonValueKind.Null, (await site.GetAsync("senders/accounts")).GetProperty("items")[0].GetProperty("publicationRate").ValueKind);
    }

    private async Task<JsonElement> FailuresAsync() => (await house.Staff().GetFromJsonAsync<JsonElement>("/api/v1/operations/content/errors")).GetProperty("items");
}
