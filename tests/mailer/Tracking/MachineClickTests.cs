using System.Net;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Defaults.Identity;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Webhooks;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Tests.Tracking;

/// <summary>Bug class: a figure that grows with the number of virus scanners among the readers.</summary>
public abstract class MachineClickTests(SignedEvents fixture)
{
    private const string Browser = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36";
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_links_at_once_right_after_delivery_are_a_programs_and_no_readers()
    {
        var mailed = await DeliveredAsync(TimeSpan.FromSeconds(2));
        for (var link = 0; link < 4; link++) await FollowAsync(mailed, link);

        var letter = (await mailed.LettersAsync(fixture.Mailer)).Single();
        Assert.Equal((null, null, true), (letter.ClickedAt, letter.OpenedAt, letter.MachineClickedAt is not null));
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((0, 0, 1), (counters.Opens, counters.Clicks, counters.MachineClicks));
        Assert.All(await LinksAsync(mailed), l => Assert.Equal((0, 0), (l.Clicks, l.Follows)));
    }

    [Fact]
    public async Task Of_clicks_side_by_side_none_is_a_readers()
    {
        var mailed = await DeliveredAsync(TimeSpan.FromSeconds(2));
        await Task.WhenAll(Enumerable.Range(0, 12).Select(link => FollowAsync(mailed, link)));
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((0, 0, 1), (counters.Opens, counters.Clicks, counters.MachineClicks));
    }

    [Fact]
    public async Task A_reader_who_follows_a_link_after_the_program_counts()
    {
        var mailed = await DeliveredAsync(TimeSpan.FromSeconds(2));
        for (var link = 0; link < 3; link++) await FollowAsync(mailed, link);
        await AgeAsync(mailed, TimeSpan.FromHours(1));
        await FollowAsync(mailed, 1);

        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((1, 1, 1), (counters.Opens, counters.Clicks, counters.MachineClicks));
        Assert.Equal([(0, 0), (1, 1), (0, 0)], (await LinksAsync(mailed)).Select(l => (l.Clicks, l.Follows)));
    }

    [Fact]
    public async Task An_open_that_was_seen_before_stays_when_clicks_are_taken_back()
    {
        var mailed = await DeliveredAsync(TimeSpan.FromSeconds(30));
        using var pixel = await GetAsync(await PixelAsync(mailed), Browser);
        for (var link = 0; link < 2; link++) await FollowAsync(mailed, link);
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((1, 0, 1), (counters.Opens, counters.Clicks, counters.MachineClicks));
    }

    [Fact]
    public async Task A_reader_who_opens_some_links_the_next_day_counts()
    {
        var mailed = await DeliveredAsync(TimeSpan.FromDays(1));
        for (var link = 0; link < 4; link++) await FollowAsync(mailed, link);
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((1, 1, 0), (counters.Opens, counters.Clicks, counters.MachineClicks));
        Assert.All(await LinksAsync(mailed), l => Assert.Equal(1, l.Clicks));
    }

    [Fact]
    public async Task One_link_right_after_delivery_is_a_quick_readers()
    {
        var mailed = await DeliveredAsync(TimeSpan.FromSeconds(2));
        await FollowAsync(mailed, 0);
        await FollowAsync(mailed, 0);
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((1, 0), (counters.Clicks, counters.MachineClicks));
    }

    [Theory]
    [InlineData("Mozilla/5.0")]
    [InlineData("")]
    [InlineData("python-requests/2.32")]
    [InlineData("Mozilla/5.0 (compatible; SomeBot/2.1; +http://bot.example)")]
    [InlineData("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0 Safari/537.36")]
    public async Task A_program_that_says_so_is_one(string userAgent)
    {
        var mailed = await DeliveredAsync(TimeSpan.FromDays(1));
        await FollowAsync(mailed, 0, userAgent);
        using var open = await GetAsync(await PixelAsync(mailed), userAgent);
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((0, 0, 1, 1), (counters.Opens, counters.Clicks, counters.MachineOpens, counters.MachineClicks));
    }

    [Theory]
    [InlineData("Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)")]
    [InlineData("YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html")]
    [InlineData("Mozilla/5.0 (Linux; Android 14; CUBOT X90) AppleWebKit/537.36 Chrome/142.0 Mobile Safari/537.36")]
    public async Task A_proxy_that_loads_the_picture_when_somebody_opens_the_letter_is_a_reader(string userAgent)
    {
        var mailed = await DeliveredAsync(TimeSpan.FromDays(1));
        using var open = await GetAsync(await PixelAsync(mailed), userAgent);
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((1, 0), (counters.Opens, counters.MachineOpens));
    }

    [Fact]
    public async Task Figures_show_programs_apart()
    {
        var mailed = await DeliveredAsync(TimeSpan.FromSeconds(2));
        for (var link = 0; link < 3; link++) await FollowAsync(mailed, link);
        using var staff = fixture.Mailer.As(Role.Author, mailed.Publication);
        var slug = await fixture.Mailer.WithDbAsync<MailerDb, string>(async db => (await db.FindPublicationAsync(mailed.Publication, Cancellation))!.Slug);
        using var figures = JsonDocument.Parse(await staff.GetStringAsync($"/api/v1/publications/{slug}/editions/{mailed.Edition}/figures", Cancellation));
        var facts = figures.RootElement.GetProperty("facts");
        Assert.Equal((0, 1), (facts.GetProperty("clicks").GetInt32(), facts.GetProperty("machineClicks").GetInt32()));
        Assert.Equal(1, figures.RootElement.GetProperty("engagement").EnumerateArray().Sum(e => e.GetProperty("machineClicks").GetInt32()));
        Assert.Equal(0, figures.RootElement.GetProperty("engagement").EnumerateArray().Sum(e => e.GetProperty("clicks").GetInt32()));
        using var days = JsonDocument.Parse(await staff.GetStringAsync($"/api/v1/publications/{slug}/statistics/letters?days=2", Cancellation));
        Assert.Equal(1, days.RootElement.GetProperty("days").EnumerateArray().Sum(d => d.GetProperty("machineClicked").GetInt32()));
    }

    private async Task<MailedEdition> DeliveredAsync(TimeSpan before)
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        await fixture.TellAsync(SignedEvents.Event(mailed, mailed.Readers[0], "delivered", at: DateTimeOffset.UtcNow - before));
        return mailed;
    }

    /// <summary>As though what was clicked and delivered had been so much earlier.</summary>
    private Task<int> AgeAsync(MailedEdition mailed, TimeSpan by) => fixture.Mailer.WithDbAsync<MailerDb, int>(async db =>
    {
        var then = DateTimeOffset.UtcNow - by;
        await db.Deliveries.Where(d => d.EditionId == mailed.Edition).ExecuteUpdateAsync(s => s.SetProperty(d => d.DeliveredAt, then), Cancellation);
        return await db.LinkClicks.Where(c => c.SubscriberId == mailed.Readers[0]).ExecuteUpdateAsync(s => s.SetProperty(c => c.ClickedAt, then), Cancellation);
    });

    private async Task FollowAsync(MailedEdition mailed, int link, string userAgent = Browser)
    {
        var codes = await CodesAsync();
        using var answer = await GetAsync($"/t/{codes.Link(mailed.Edition, $"https://papers.example/{link}")}?r={codes.Reader(mailed.Edition, mailed.Readers[0])}", userAgent);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
    }

    private async Task<string> PixelAsync(MailedEdition mailed)
    {
        var codes = await CodesAsync();
        var pixel = codes.Frame(Templates.Sample.Publication, Templates.Sample.Newsletter, mailed.Edition).OpenPixel!;
        return new Uri(pixel.Replace(Mailer.Templates.Placeholder.Reader, codes.Reader(mailed.Edition, mailed.Readers[0]), StringComparison.Ordinal)).PathAndQuery;
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string userAgent)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (userAgent.Length > 0) request.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        return await fixture.Mailer.Anonymous().SendAsync(request, Cancellation);
    }

    private async Task<TrackingCodes> CodesAsync() =>
        new(await fixture.Mailer.WithDbAsync<SecretKeys, byte[]>(keys => keys.GetAsync(SecretKeys.Tracking, Cancellation)));

    private Task<List<Link>> LinksAsync(MailedEdition mailed) =>
        fixture.Mailer.WithDbAsync<MailerDb, List<Link>>(db => db.Links.AsNoTracking().Where(l => l.EditionId == mailed.Edition).OrderBy(l => l.Address).ToListAsync());
}

public sealed class PostgresMachineClickTests(WebhookFixture fixture) : MachineClickTests(fixture), IClassFixture<WebhookFixture>;

public sealed class SqliteMachineClickTests(SqliteWebhookFixture fixture) : MachineClickTests(fixture), IClassFixture<SqliteWebhookFixture>;
