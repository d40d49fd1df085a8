using System.Net;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Templates;
using Newsletter.Mailer.Tests.Templates;
using Newsletter.Mailer.Tracking;

namespace Newsletter.Mailer.Tests.Tracking;

public sealed class TrackingTests(MailerFixture fixture) : IClassFixture<MailerFixture>
{
    private const string Target = "https://github.com/example/system-1?a=1&b=2#readme";
    private const string Person = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15";

    [Fact]
    public async Task A_click_leads_on_and_is_counted_once()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 2);
        var codes = await CodesAsync();
        var path = $"/t/{codes.Link(mailed.Edition, Target)}?r={codes.Reader(mailed.Edition, mailed.Readers[0])}";

        for (var i = 0; i < 3; i++)
        {
            using var answer = await GetAsync(path);
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
            Assert.Equal(Target, answer.Headers.Location!.OriginalString);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
            Assert.True(answer.Headers.CacheControl!.NoStore);
        }

        var letters = await mailed.LettersAsync(fixture.Mailer);
        Assert.NotNull(letters.Single(d => d.SubscriberId == mailed.Readers[0]).ClickedAt);
        Assert.Null(letters.Single(d => d.SubscriberId == mailed.Readers[1]).ClickedAt);
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((1, 1), (counters.Opens, counters.Clicks));
        Assert.Equal(1, (await LinksAsync(mailed)).Single().Clicks);
    }

    [Theory]
    [InlineData("https://de.example/wiki/Käse?q=ü", "https://de.example/wiki/K%C3%A4se?q=%C3%BC")]
    [InlineData("https://bücher.example/x", "https://xn--bcher-kva.example/x")]
    [InlineData("https://example.com/%41/../b?x=100%", "https://example.com/%41/../b?x=100%")]
    public async Task A_click_on_any_link_leads_on_in_ASCII_and_is_counted(string address, string location)
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var codes = await CodesAsync();

        using var answer = await GetAsync($"/t/{codes.Link(mailed.Edition, address)}?r={codes.Reader(mailed.Edition, mailed.Readers[0])}");

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(location, answer.Headers.NonValidated["Location"].ToString());
        var link = Assert.Single(await LinksAsync(mailed));
        Assert.Equal((address, 1), (link.Address, link.Clicks));
    }

    [Fact]
    public async Task A_click_on_a_link_that_can_lead_nowhere_is_answered_clearly()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        using var answer = await GetAsync($"/t/{(await CodesAsync()).Link(mailed.Edition, "https://xn--ü.example/")}");
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
    }

    [Fact]
    public async Task A_link_of_2000_bytes_is_counted_and_a_longer_one_stays_as_it_is()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var codes = await CodesAsync();
        var frame = codes.Frame(Sample.Publication, Sample.Newsletter, mailed.Edition);
        const string Start = "https://example.com/";
        // Of many letters: an index that packs its keys takes longer ones of few.
        var longest = Start + RandomNumberGenerator.GetHexString(2000 - Start.Length);
        var longer = longest[..^1] + "ü";

        Assert.Equal(longer, frame.Track(longer));
        using var click = await GetAsync(new Uri(frame.Track(longest).Replace(Placeholder.Reader, codes.Reader(mailed.Edition, mailed.Readers[0]), StringComparison.Ordinal)).PathAndQuery);

        Assert.Equal(longest, click.Headers.Location!.OriginalString);
        Assert.Equal(1, Assert.Single(await LinksAsync(mailed)).Clicks);
    }

    [Fact]
    public async Task A_forged_link_leads_nowhere()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var codes = await CodesAsync();
        var good = codes.Link(mailed.Edition, Target);
        var foreign = new TrackingCodes(new byte[32]).Link(mailed.Edition, "https://evil.example/");
        var spliced = good[..38] + codes.Link(mailed.Edition, "https://evil.example/")[38..];

        foreach (var forged in (string[])[foreign, spliced, good[..^2] + "AA", good[1..], "x", "https%3A%2F%2Fevil.example", new string('A', 5000)])
        {
            using var answer = await GetAsync($"/t/{forged}?r=0");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
            Assert.Null(answer.Headers.Location);
        }
    }

    [Fact]
    public async Task A_readers_code_counts_for_that_reader_and_edition_only()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var other = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var codes = await CodesAsync();
        var reader = codes.Reader(other.Edition, mailed.Readers[0]);

        foreach (var code in (string[])[reader, "", "0", "A" + reader[1..], Uri.EscapeDataString(Placeholder.Reader)])
        {
            using var answer = await GetAsync($"/t/{codes.Link(mailed.Edition, Target)}?r={code}");
            Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        }

        Assert.Null((await mailed.LettersAsync(fixture.Mailer)).Single().ClickedAt);
        Assert.Equal(0, (await mailed.CountersAsync(fixture.Mailer)).Clicks);
        Assert.Empty(await LinksAsync(mailed));
    }

    [Fact]
    public async Task Who_does_not_want_to_be_counted_is_led_on_and_not_counted()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1, tracking: false);
        var codes = await CodesAsync();
        var reader = codes.Reader(mailed.Edition, mailed.Readers[0]);

        using var click = await GetAsync($"/t/{codes.Link(mailed.Edition, Target)}?r={reader}");
        using var open = await GetAsync(PixelPath(codes, mailed, reader));

        Assert.Equal(HttpStatusCode.Redirect, click.StatusCode);
        Assert.Equal(HttpStatusCode.OK, open.StatusCode);
        var letter = (await mailed.LettersAsync(fixture.Mailer)).Single();
        Assert.Equal((null, null), (letter.OpenedAt, letter.ClickedAt));
        Assert.Empty(await LinksAsync(mailed));
    }

    [Theory]
    [InlineData(Person, 1, 0)]
    [InlineData("Mozilla/5.0", 0, 1)]
    public async Task Opens_by_people_and_by_machines_are_told_apart(string userAgent, int opens, int machineOpens)
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var codes = await CodesAsync();
        for (var i = 0; i < 2; i++)
        {
            using var answer = await GetAsync(PixelPath(codes, mailed, codes.Reader(mailed.Edition, mailed.Readers[0])), userAgent);
            Assert.Equal("image/gif", answer.Content.Headers.ContentType!.MediaType);
            Assert.True(answer.Headers.CacheControl!.NoStore);
            Assert.False(answer.Headers.Contains("Set-Cookie"));
        }
        var counters = await mailed.CountersAsync(fixture.Mailer);
        Assert.Equal((opens, machineOpens), (counters.Opens, counters.MachineOpens));
    }

    [Fact]
    public async Task A_forged_pixel_is_a_picture_and_nothing_more()
    {
        using var answer = await GetAsync("/o/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.gif");
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
    }

    [Fact]
    public async Task Scanners_that_only_look_are_not_counted()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var codes = await CodesAsync();
        using var request = new HttpRequestMessage(HttpMethod.Head, $"/t/{codes.Link(mailed.Edition, Target)}?r={codes.Reader(mailed.Edition, mailed.Readers[0])}");
        using var answer = await fixture.Mailer.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(0, (await mailed.CountersAsync(fixture.Mailer)).Clicks);
    }

    [Fact]
    public async Task What_the_letters_carry_is_what_the_endpoints_take()
    {
        var mailed = await MailedEdition.CreateAsync(fixture.Mailer, 1);
        var codes = await CodesAsync();
        var frame = codes.Frame(Sample.Publication, Sample.Newsletter, mailed.Edition);
        var reader = codes.Reader(mailed.Edition, mailed.Readers[0]);
        string Fill(string address) => new Uri(address.Replace(Placeholder.Reader, reader, StringComparison.Ordinal)).PathAndQuery;

        using var click = await GetAsync(Fill(frame.Track(Target)));
        using var open = await GetAsync(Fill(frame.OpenPixel!));

        Assert.Equal(Target, click.Headers.Location!.OriginalString);
        Assert.Equal(1, (await mailed.CountersAsync(fixture.Mailer)).Opens);
        Assert.Equal("mailto:a@b.example", frame.Track("mailto:a@b.example"));
    }

    private static string PixelPath(TrackingCodes codes, MailedEdition mailed, string reader) =>
        new Uri(codes.Frame(Sample.Publication, Sample.Newsletter, mailed.Edition).OpenPixel!.Replace(Placeholder.Reader, reader, StringComparison.Ordinal)).PathAndQuery;

    private async Task<HttpResponseMessage> GetAsync(string path, string userAgent = Person)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        return await fixture.Mailer.Anonymous().SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task<TrackingCodes> CodesAsync() =>
        new(await fixture.Mailer.Services.GetRequiredService<SecretKeys>().GetAsync(SecretKeys.Tracking, TestContext.Current.CancellationToken));

    private Task<List<Link>> LinksAsync(MailedEdition mailed) =>
        fixture.Mailer.WithDbAsync<MailerDb, List<Link>>(db => db.Links.AsNoTracking().Where(l => l.EditionId == mailed.Edition).ToListAsync());
}
