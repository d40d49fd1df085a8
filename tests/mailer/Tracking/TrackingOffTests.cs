using System.Net;
using System.Text.RegularExpressions;
using Newsletter.Contracts;
using Newsletter.Mailer.Storage;
using Newsletter.Mailer.Tests.Figures;

namespace Newsletter.Mailer.Tests.Tracking;

/// <summary>Whoever does not want to be counted gets letters that cannot count.</summary>
public sealed class TrackingOffTests(PostgresFigures fixture) : IClassFixture<PostgresFigures>
{
    private const string Linked = "<p>Read <a href=\"https://papers.example/see\">this</a>.</p>";

    [Fact]
    public async Task A_reader_who_refuses_gets_plain_links_and_no_pixel_and_the_others_do_not()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync("counted");
        await publication.TellAsync(publication.Reader("refuses") with { TrackingAllowed = false });
        var edition = await PublishAsync(publication);

        var refused = fixture.Sending.Provider.Of(edition).Single(m => m.To.StartsWith("refuses", StringComparison.Ordinal));
        AssertPlain(refused);
        var counted = fixture.Sending.Provider.Of(edition).Single(m => m.To.StartsWith("counted", StringComparison.Ordinal));
        Assert.Contains("/t/", counted.Html, StringComparison.Ordinal);
        Assert.Contains("/o/", counted.Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_publication_without_tracking_mails_plain_letters_to_everybody()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.TellAsync(tracking: false);
        await publication.JoinAsync(3);
        var edition = await PublishAsync(publication);
        Assert.Equal(3, fixture.Sending.Provider.Of(edition).Count);
        Assert.All(fixture.Sending.Provider.Of(edition), AssertPlain);
    }

    [Fact]
    public async Task What_happens_to_letters_that_left_before_is_not_counted_any_more()
    {
        var publication = await fixture.Sending.PublicationAsync();
        await publication.JoinAsync("before");
        var edition = await PublishAsync(publication);
        var mail = fixture.Sending.Provider.Of(edition).Single();
        await publication.TellAsync(tracking: false);

        using var client = fixture.Mailer.Anonymous();
        client.DefaultRequestHeaders.UserAgent.ParseAdd("Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0");
        using var click = await client.GetAsync(PathIn(mail.Html, "t"));
        using var open = await client.GetAsync(PathIn(mail.Html, "o"));
        Assert.Equal((HttpStatusCode.Redirect, HttpStatusCode.OK), (click.StatusCode, open.StatusCode));
        await fixture.TellAsync(
            FiguresFixture.EventOf(mail, "delivered"), FiguresFixture.EventOf(mail, "open"), FiguresFixture.EventOf(mail, "open", e => e["sg_machine_open"] = true), FiguresFixture.EventOf(mail, "click"));

        var figures = await FiguresFixture.GetAsync(publication, $"editions/{edition.Id}/figures");
        var facts = figures.GetProperty("facts");
        Assert.All((string[])["opens", "machineOpens", "clicks", "machineClicks"], fact => Assert.Equal(0, facts.GetProperty(fact).GetInt32()));
        Assert.Equal(0, figures.GetProperty("links").GetArrayLength());
        Assert.Equal(1, (await fixture.Sending.LedgerAsync(edition.Id))[DeliveryState.Delivered]);
    }

    private async Task<Edition> PublishAsync(TestPublication publication)
    {
        var post = publication.Post("Tracked or not", Access.Public);
        var edition = await publication.PublishAsync(post with { Cuts = [.. post.Cuts.Select(c => c with { Html = Linked })] });
        return await fixture.Sending.SentAsync(edition.Id);
    }

    private static void AssertPlain(FakeMail mail)
    {
        Assert.Contains("https://papers.example/see", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/t/", mail.Html, StringComparison.Ordinal);
        Assert.DoesNotContain("/o/", mail.Html, StringComparison.Ordinal);
    }

    private static string PathIn(string html, string kind) =>
        WebUtility.HtmlDecode(new Uri(Regex.Match(html, $"http[^\"]*/{kind}/[^\"]+").Value).PathAndQuery);
}
