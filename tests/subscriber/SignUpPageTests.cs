using System.Net;
using Newsletter.Contracts;

namespace Newsletter.Subscriber.Tests;

public sealed class SignUpPageTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task The_page_offers_the_topics_of_published_posts_and_may_be_cached()
    {
        var publication = await _app.PublicationAsync();
        await _app.Service.PublishAsync(new PostChanged(TopicTests.Post(publication, 1, "computer-vision", "nlp")));

        using var client = _app.Service.Anonymous();
        using var page = await client.GetAsync($"/{publication.Slug}/subscribe");
        var html = await page.Content.ReadAsStringAsync();

        Assert.Equal("public, max-age=0, s-maxage=30", page.Headers.CacheControl!.ToString());
        Assert.Contains("value=\"computer-vision\"", html, StringComparison.Ordinal);
        Assert.Contains("Computer vision", html, StringComparison.Ordinal);
        Assert.Contains($"action=\"{publication.BaseUrl}/subscribe\"", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_topic_is_called_as_the_publication_calls_it_elsewhere()
    {
        var publication = await _app.PublicationAsync();
        await _app.Service.PublishAsync(new PublicationChanged(publication with { Version = 2, Topics = [new("llm", "Language models")] }));
        await _app.Service.PublishAsync(new PostChanged(TopicTests.Post(publication, 1, "llm", "nlp")));

        var html = await _app.Service.Anonymous().GetStringAsync(new Uri($"/{publication.Slug}/subscribe", UriKind.Relative));

        Assert.Matches("value=\"llm\"[^>]*>Language models<", html);
        Assert.Matches("value=\"nlp\"[^>]*>NLP<", html);
    }

    [Fact]
    public async Task The_form_signs_up_and_leads_to_the_inbox_page()
    {
        var publication = await _app.PublicationAsync();

        using var answer = await _app.PostAsync(publication, "/subscribe", ("email", "ada@example.com"), ("cadence", "weekly"), ("topics", "vision"), ("topics", "nlp"), ("source", "nudge"));

        Assert.Equal((HttpStatusCode.SeeOther, $"{publication.BaseUrl}/subscribe?sent=true"), (answer.StatusCode, answer.Headers.Location!.ToString()));
        var snapshot = await _app.SnapshotAsync(publication, "ada@example.com");
        Assert.Equal(["vision", "nlp"], snapshot.Topics);
    }

    [Fact]
    public async Task A_wrong_address_comes_back_in_the_form_encoded()
    {
        var publication = await _app.PublicationAsync();

        using var answer = await _app.PostAsync(publication, "/subscribe", ("email", "\"><script>alert(1)</script>"), ("name", "Ada\r\nBcc: x@example.com"));
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("aria-invalid", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.False(await _app.AnyAsync(publication, _ => true));
    }

    [Fact]
    public async Task A_form_from_another_site_is_refused()
    {
        var publication = await _app.PublicationAsync();
        using var client = _app.Service.Anonymous();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/{publication.Slug}/subscribe")
        {
            Content = new FormUrlEncodedContent([new("email", "ada@example.com")]),
            Headers = { { "Origin", "https://elsewhere.example" } },
        };

        using var answer = await client.SendAsync(request);

        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
        Assert.False(await _app.AnyAsync(publication, _ => true));
    }
}
