using System.Net;
using System.Text.RegularExpressions;
using SendGrid.Helpers.Mail;

namespace Newsletter.Sandbox.Tests;

public sealed partial class InboxTests : IAsyncLifetime
{
    private readonly SandboxUnderTest sandbox = new();

    public ValueTask InitializeAsync() => sandbox.InitializeAsync();

    public ValueTask DisposeAsync() => sandbox.DisposeAsync();

    [Fact]
    public async Task The_inbox_is_searched_by_recipient_and_read_page_by_page()
    {
        await sandbox.SendGrid().SendEmailAsync(MailTests.Letter([.. Enumerable.Range(0, 60).Select(i => $"reader{i}@example.com"), "other@example.com"]));

        var seen = new List<string>();
        for (var path = "/sandbox/inbox?to=reader"; path is not null;)
        {
            var page = await sandbox.Http.GetStringAsync(path);
            seen.AddRange(Recipient().Matches(page).Select(match => match.Groups[1].Value));
            path = Older().Match(page) is { Success: true } older ? WebUtility.HtmlDecode(older.Groups[1].Value) : null;
        }

        Assert.Equal(Enumerable.Range(0, 60).Reverse().Select(i => $"reader{i}@example.com"), seen);
    }

    [Fact]
    public async Task A_letter_is_shown_in_a_frame_that_runs_nothing()
    {
        var letter = MailTests.Letter(["ann@example.com"]);
        letter.HtmlContent = "<html><head><title>x</title></head><body><script>alert(1)</script><a href='https://example.com/'>go</a></body></html>";
        letter.Subject = "<script>alert(2)</script>";
        await sandbox.SendGrid().SendEmailAsync(letter);
        var id = (long)(await sandbox.MessagesAsync("ann@example.com"))[0]!["id"]!;

        var page = await sandbox.Http.GetStringAsync($"/sandbox/inbox/{id}");
        using var body = await sandbox.Http.GetAsync($"/sandbox/inbox/{id}/html");

        Assert.DoesNotContain("<script>", page, StringComparison.Ordinal);
        Assert.Contains("sandbox=\"allow-popups allow-popups-to-escape-sandbox\"", page, StringComparison.Ordinal);
        Assert.StartsWith("sandbox allow-popups", body.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("<head><base target=\"_blank\">", await body.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Clearing_the_inbox_leaves_nothing()
    {
        await sandbox.SendGrid().SendEmailAsync(MailTests.Letter(["ann@example.com"]));

        using var cleared = await sandbox.Http.DeleteAsync("/sandbox/api/messages");

        Assert.Equal(HttpStatusCode.NoContent, cleared.StatusCode);
        Assert.Empty(await sandbox.MessagesAsync("ann@example.com"));
    }

    [Theory]
    [InlineData("/sandbox/inbox/999")]
    [InlineData("/sandbox/checkout/cs_test_none")]
    [InlineData("/sandbox/portal/bps_none")]
    [InlineData("/sandbox/invoices/in_none")]
    public async Task What_is_not_there_is_not_found(string path)
    {
        using var response = await sandbox.Http.GetAsync(path);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
    }

    [Fact]
    public async Task Every_page_brings_its_stylesheet_and_no_script()
    {
        var stripe = sandbox.Stripe();
        var session = await SandboxUnderTest.CheckoutAsync(stripe, await SandboxUnderTest.PriceAsync(stripe));
        foreach (var path in new[] { "/sandbox", "/sandbox/inbox", $"/sandbox/checkout/{session.Id}" })
        {
            using var page = await sandbox.Http.GetAsync(path);
            var html = await page.Content.ReadAsStringAsync();

            Assert.Contains("default-src 'none'; style-src 'self'", page.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            Assert.DoesNotContain("<script", html, StringComparison.Ordinal);
            Assert.DoesNotContain("style=", html, StringComparison.Ordinal);
            using var style = await sandbox.Http.GetAsync(Stylesheet().Match(html).Groups[1].Value);
            Assert.Equal("text/css", style.Content.Headers.ContentType?.MediaType);
        }
    }

    [GeneratedRegex("<span class=\"letter-to\">([^<]*)</span>")]
    private static partial Regex Recipient();

    [GeneratedRegex("rel=\"next\" href=\"([^\"]*)\"")]
    private static partial Regex Older();

    [GeneratedRegex("<link rel=\"stylesheet\" href=\"([^\"]*)\"")]
    private static partial Regex Stylesheet();
}
