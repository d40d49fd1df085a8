using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Contracts;

namespace Newsletter.Mailer.Tests;

public sealed class WebViewTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    [Fact]
    public async Task A_post_s_letter_in_the_browser_is_the_post_s_page_whose_gate_decides()
    {
        var (publication, other) = (await _mailer.PublicationAsync(), await _mailer.PublicationAsync());
        await publication.JoinAsync("web");
        var post = publication.Post("Web", Access.Public);
        var edition = (await publication.PublishAsync(post)).Id;
        await _mailer.SentAsync(edition);
        await publication.TellAsync(post with { Version = TestPublication.NextVersion(), Access = Access.Paid });

        using var answer = await GetAsync(publication, edition);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal(post.Url, answer.Headers.Location?.ToString());
        Assert.DoesNotContain("public part", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await GetAsync(other, edition)).StatusCode);
        await publication.TellAsync(post with { Version = TestPublication.NextVersion(), Published = false });
        Assert.Equal(HttpStatusCode.Gone, (await GetAsync(publication, edition)).StatusCode);
    }

    [Fact]
    public async Task A_roundup_in_the_browser_shows_the_heads_of_its_posts_in_a_sandbox()
    {
        var publication = await _mailer.PublicationAsync();
        var reader = await publication.JoinAsync("heads", publication.Roundup);
        var entry = new EntrySnapshot { Id = Guid.CreateVersion7(), Name = "SeeNet", Html = "<p>On SeeNet</p>", Text = "On SeeNet" };
        var digest = publication.Post("Digest", Access.Public, asLetter: false);
        await publication.TellAsync(digest with { Entries = [entry], Cuts = [.. digest.Cuts.Select(c => c with { EntryIds = [entry.Id] })] });
        var edition = await RoundupAsync(publication);
        Assert.Contains("SeeNet", Assert.Single(_mailer.Provider.To("heads")).Html, StringComparison.Ordinal);

        using var answer = await GetAsync(publication, edition);
        var html = await answer.Content.ReadAsStringAsync(Cancellation);

        Assert.StartsWith("sandbox", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")), StringComparison.Ordinal);
        Assert.Contains("About Digest", html, StringComparison.Ordinal);
        Assert.Contains(digest.Url, html, StringComparison.Ordinal);
        // By now the digest may be older than the publication lets strangers read, which only content knows.
        Assert.DoesNotContain("SeeNet", html, StringComparison.Ordinal);
        Assert.DoesNotContain("public part", html, StringComparison.Ordinal);
        Assert.DoesNotContain(reader.UnsubscribeToken, html, StringComparison.Ordinal);
        Assert.DoesNotContain("/t/", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_was_unpublished_since_is_in_no_roundup_in_the_browser()
    {
        var publication = await _mailer.PublicationAsync();
        await publication.JoinAsync("stays", publication.Roundup);
        var (kept, withdrawn) = (publication.Post("Kept", asLetter: false), publication.Post("Withdrawn", asLetter: false));
        await publication.TellAsync(kept);
        await publication.TellAsync(withdrawn);
        var edition = await RoundupAsync(publication);

        await publication.TellAsync(withdrawn with { Version = TestPublication.NextVersion(), Published = false });
        using var less = await GetAsync(publication, edition);
        await publication.TellAsync(kept with { Version = TestPublication.NextVersion(), Deleted = true, Published = false });
        using var nothing = await GetAsync(publication, edition);

        var html = await less.Content.ReadAsStringAsync(Cancellation);
        Assert.Contains("Kept", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Withdrawn", html, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.Gone, nothing.StatusCode);
    }

    private async Task<Guid> RoundupAsync(TestPublication publication)
    {
        using var answer = await publication.RunRoundupAsync();
        var edition = (await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation)).GetProperty("id").GetGuid();
        await _mailer.SentAsync(edition);
        return edition;
    }

    private Task<HttpResponseMessage> GetAsync(TestPublication publication, Guid edition) =>
        _mailer.Service.Anonymous().GetAsync($"/{publication.Slug}/editions/{edition}", Cancellation);
}
