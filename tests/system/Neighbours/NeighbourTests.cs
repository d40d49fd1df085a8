using System.Net;
using Newsletter.Tests.Harness;
using Newsletter.Tests.Harness.Installations;

namespace Newsletter.SystemTests.Neighbours;

/// <summary>Bug class: two publications of one installation, each on its own origin, get at each other's posts, letters or consents.</summary>
[Collection(nameof(DistributedCollection))]
public sealed class NeighbourTests(DistributedHouse house)
{
    private readonly string _run = Guid.NewGuid().ToString("N")[..12];

    [Fact]
    public async Task One_address_subscribes_to_both_and_each_is_confirmed_by_itself()
    {
        var address = $"both-{_run}@example.com";
        var first = await house.First.SubscribeAsync(address);
        var second = await house.Second.SubscribeAsync(address);
        Assert.Contains("scipapermill@localhost", first.From, StringComparison.Ordinal);
        Assert.Contains("second@localhost", second.From, StringComparison.Ordinal);
        Assert.All(WebPage.LinksIn(first.Html), link => Assert.Equal(house.First.Base, link.GetLeftPart(UriPartial.Authority)));
        Assert.All(WebPage.LinksIn(second.Html), link => Assert.Equal(house.Second.Base, link.GetLeftPart(UriPartial.Authority)));

        await ConfirmAsync(second);
        Assert.Equal(("pending", "active"), (await house.First.StatusOfAsync(address), await house.Second.StatusOfAsync(address)));
        await ConfirmAsync(first);
        Assert.Equal(("active", "active"), (await house.First.StatusOfAsync(address), await house.Second.StatusOfAsync(address)));
    }

    [Fact]
    public async Task A_post_is_on_the_pages_in_the_feeds_the_API_and_the_search_of_its_own_publication_only()
    {
        var slug = $"post-{_run}";
        await house.Second.PublishAsync(slug);
        var title = $"Post {slug}";
        string[] places = ["/", "/archive", $"/topics/{slug}", $"/posts/{slug}", $"/search?q={slug}", "/feed.xml", "/feed.json", "/sitemap.xml"];

        foreach (var place in places)
            await Eventually.TrueAsync(async () => (await ReadAsync(house.Second.Base + place)).Contains($"{house.Second.Base}/posts/{slug}", StringComparison.Ordinal), $"{slug} in {place}");
        Assert.Contains(title, await ReadAsync($"{house.Address}{house.Second.Api[1..]}/posts"), StringComparison.Ordinal);

        foreach (var place in places.Where(p => !p.StartsWith("/search", StringComparison.Ordinal)))
            Assert.DoesNotContain(slug, await ReadAsync(house.First.Base + place), StringComparison.Ordinal);
        Assert.DoesNotContain($"/posts/{slug}", await ReadAsync($"{house.First.Base}/search?q={slug}"), StringComparison.Ordinal);
        Assert.DoesNotContain(slug, await ReadAsync($"{house.Address}{house.First.Api[1..]}/posts"), StringComparison.Ordinal);
        foreach (var missing in (string[])[
            $"{house.First.Base}/posts/{slug}", $"{house.First.Base}/topics/{slug}",
            $"{house.Address}{house.First.Api[1..]}/posts/{slug}", $"{house.First.Base}{house.Second.Api}/posts/{slug}"])
        {
            using var answer = await house.Visitor().GetAsync(new Uri(missing));
            Assert.True(answer.StatusCode == HttpStatusCode.NotFound, $"{missing}: {(int)answer.StatusCode}");
        }
    }

    [Fact]
    public async Task A_letter_goes_to_the_readers_of_its_publication_from_its_sender_with_links_to_its_origin()
    {
        var (both, other) = ($"both-{_run}@example.com", $"other-{_run}@example.com");
        await house.First.AddReadersAsync(_run, both, other);
        await house.Second.AddReadersAsync(_run, both);
        var slug = $"letter-{_run}";
        await house.Second.PublishAsync(slug, mail: true);
        await Eventually.TrueAsync(async () => await house.Second.SentEditionAsync(slug) is not null, "the edition is sent", TimeSpan.FromSeconds(60));

        var letter = Assert.Single(await house.MailToAsync(both), m => m.Subject.Contains(slug, StringComparison.Ordinal));
        Assert.Empty(await house.MailToAsync(other));
        Assert.Null(await house.First.SentEditionAsync(slug));
        Assert.Contains("The Second", letter.From, StringComparison.Ordinal);
        Assert.Contains("second@localhost", letter.From, StringComparison.Ordinal);
        var links = WebPage.LinksIn(letter.Html).Append(UnsubscribeLink(letter)).ToList();
        Assert.Contains(links, link => link.AbsolutePath == "/unsubscribe");
        Assert.All(links, link => Assert.Equal(house.Second.Base, link.GetLeftPart(UriPartial.Authority)));
    }

    [Fact]
    public async Task Leaving_one_by_its_letter_leaves_the_other_as_it_was()
    {
        var address = $"leaving-{_run}@example.com";
        await house.First.AddReadersAsync(_run, address);
        await house.Second.AddReadersAsync(_run, address);
        var slug = $"last-{_run}";
        await house.Second.PublishAsync(slug, mail: true);
        var letter = await house.MailAsync(address, m => m.Subject.Contains(slug, StringComparison.Ordinal), "the letter");
        var link = UnsubscribeLink(letter);

        var elsewhere = new Uri(link.ToString().Replace(house.Second.Base, house.First.Base, StringComparison.Ordinal));
        using var refused = await OneClickAsync(elsewhere);
        Assert.Equal(("active", "active"), (await house.First.StatusOfAsync(address), await house.Second.StatusOfAsync(address)));
        using var left = await OneClickAsync(link);
        Assert.Equal(HttpStatusCode.OK, left.StatusCode);
        Assert.Equal(("active", "unsubscribed"), (await house.First.StatusOfAsync(address), await house.Second.StatusOfAsync(address)));
    }

    [Theory]
    [InlineData("GET", "scipapermill", "/archive?page=2")]
    [InlineData("GET", "second", "/")]
    [InlineData("GET", "second", "/posts/any/thing?x=1&y=%20z")]
    [InlineData("POST", "second", "/subscribe")]
    public async Task The_path_form_on_the_shared_host_answers_308_to_the_publication_s_origin(string method, string slug, string path)
    {
        using var request = new HttpRequestMessage(new(method), $"{house.Address}{slug}{path}");
        using var answer = await house.Visitor().SendAsync(request);

        Assert.Equal(HttpStatusCode.PermanentRedirect, answer.StatusCode);
        Assert.Equal(house.BaseUrlOf(slug) + path, answer.Headers.Location?.OriginalString);
    }

    private async Task ConfirmAsync(Mail mail)
    {
        var browser = new Browser(house.Visitor());
        var welcome = await browser.SubmitAsync(await browser.OpenAsync(mail.Link("/confirm?")), "main form[method=post]");
        Assert.Equal(HttpStatusCode.OK, welcome.Status);
    }

    private async Task<string> ReadAsync(string address)
    {
        using var answer = await house.Visitor().GetAsync(new Uri(address));
        return await answer.Content.ReadAsStringAsync();
    }

    private static Uri UnsubscribeLink(Mail letter) => new(letter.Headers.Single(h => h.Key.Equals("List-Unsubscribe", StringComparison.OrdinalIgnoreCase))
        .Value.Split('<', '>').First(part => part.StartsWith("http", StringComparison.Ordinal)));

    private async Task<HttpResponseMessage> OneClickAsync(Uri link) =>
        await house.Visitor().PostAsync(link, new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]));
}
