using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AngleSharp.Html.Parser;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Http;
using Newsletter.Defaults.Identity;

namespace Newsletter.Mailer.Tests;

public sealed class ProofTests(SendingFixture fixture) : IClassFixture<SendingFixture>
{
    private static readonly CancellationToken Cancellation = TestContext.Current.CancellationToken;
    private readonly MailerUnderTest _mailer = fixture.Mailer;

    [Theory]
    [InlineData("subscribers", "subscribers part", "paid part")]
    [InlineData("paid", "paid part", "subscribers part")]
    public async Task A_draft_is_seen_as_the_letter_of_each_level(string level, string shown, string hidden)
    {
        var publication = await _mailer.PublicationAsync(schedule: _mailer.InThreeDays());

        var letter = await PreviewAsync(publication, publication.Post("A draft", Access.Paid), level);

        Assert.Equal("A draft", letter.GetProperty("subject").GetString());
        var (html, text) = (letter.GetProperty("html").GetString()!, letter.GetProperty("text").GetString()!);
        Assert.Contains(shown, html, StringComparison.Ordinal);
        Assert.Contains(shown, text, StringComparison.Ordinal);
        Assert.DoesNotContain(hidden, html + text, StringComparison.Ordinal);
        Assert.DoesNotContain("-~", html + text, StringComparison.Ordinal);
        Assert.DoesNotContain("/t/", html, StringComparison.Ordinal);
        Assert.False(await _mailer.WithDbAsync(db => db.Editions.AnyAsync(e => e.PublicationId == publication.Id)));
    }

    [Fact]
    public async Task Nothing_in_a_letters_preview_runs()
    {
        var publication = await _mailer.PublicationAsync();
        const string Script = "<script>alert(1)</script>";
        var entry = new EntrySnapshot
        {
            Id = Guid.CreateVersion7(),
            Name = Script,
            Title = Script,
            Html = $"{Script}<img src=x onerror=alert(1)>",
            Text = "x",
            Url = "javascript:alert(1)",
            Links = [new("paper", "javascript:alert(1)")],
        };
        var post = publication.Post("Inert") with
        {
            Title = Script,
            Summary = Script,
            Authors = [Script],
            Url = "javascript:alert(1)",
            Kind = PostKind.Digest,
            Entries = [entry],
            Cuts = [new() { Level = Access.Subscribers, Html = $"<p onclick=alert(1)>x</p>{Script}<a href=\"javascript:alert(1)\">x</a>", Text = "x", EntryIds = [entry.Id], Complete = true }],
        };

        var letter = await PreviewAsync(publication, post, "subscribers");

        Assert.Equal(Script, letter.GetProperty("subject").GetString());
        var elements = new HtmlParser().ParseDocument(letter.GetProperty("html").GetString()!).All;
        Assert.DoesNotContain(elements, e => e.LocalName == "script");
        Assert.DoesNotContain(elements.SelectMany(e => e.Attributes), a => a.Name.StartsWith("on", StringComparison.Ordinal) || a.Value.StartsWith("javascript:", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_draft_is_sent_to_one_address_for_a_test()
    {
        var publication = await _mailer.PublicationAsync(schedule: _mailer.InThreeDays());

        var answer = await publication.As(Role.Editor).PostAsJsonAsync(
            $"{publication.Api}/letters/test", new { post = publication.Post("Unpublished", Access.Paid), to = "draft-proof@example.com" }, Json.Options, Cancellation);

        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        var mail = Assert.Single(_mailer.Provider.To("draft-proof"));
        Assert.Equal("[Test] Unpublished", mail.Subject);
        Assert.Contains("paid part", mail.Html, StringComparison.Ordinal);
        Assert.Equal(["mail", "publication"], mail.Args.Keys.Order());
        Assert.True(Guid.TryParseExact(mail.Args["mail"], "N", out _));
        Assert.Equal(publication.Id.ToString("N"), mail.Args["publication"]);
        Assert.False(await _mailer.WithDbAsync(db => db.Editions.AnyAsync(e => e.PublicationId == publication.Id)));
    }

    [Fact]
    public async Task A_proof_without_title_cut_or_proper_address_is_refused()
    {
        var publication = await _mailer.PublicationAsync();
        var post = publication.Post("Fine");
        var staff = publication.As(Role.Editor);

        foreach (var (path, body) in new (string, object)[]
        {
            ("preview", new { post = post with { Title = " " } }),
            ("preview", new { post = post with { Cuts = [] } }),
            ("preview", new { post, level = "public" }),
            ("preview", new { level = "paid" }),
            ("test", new { post, to = "a@b\r\nBcc: c@d" }),
        })
        {
            using var answer = await staff.PostAsJsonAsync($"{publication.Api}/letters/{path}", body, Json.Options, Cancellation);
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
        using var author = await publication.As(Role.Author).PostAsJsonAsync($"{publication.Api}/letters/test", new { post, to = "a@example.com" }, Json.Options, Cancellation);
        Assert.Equal(HttpStatusCode.Forbidden, author.StatusCode);
    }

    private static async Task<JsonElement> PreviewAsync(TestPublication publication, PostSnapshot post, string level)
    {
        using var answer = await publication.As(Role.Author).PostAsJsonAsync($"{publication.Api}/letters/preview", new { post, level }, Json.Options, Cancellation);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancellation);
    }
}
