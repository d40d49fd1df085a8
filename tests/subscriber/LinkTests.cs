using System.Net;
using Newsletter.Contracts;

namespace Newsletter.Subscriber.Tests;

/// <summary>What links may do: each one thing, for one person, of one publication, while it lasts.</summary>
public sealed class LinkTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task A_confirmation_link_does_not_unsubscribe_and_an_unsubscribe_link_does_not_confirm()
    {
        var publication = await _app.PublicationAsync();
        var (confirm, unsubscribe) = await PendingAsync(publication, "ada@example.com");

        using var wrongLeave = await _app.PostAsync(publication, $"/unsubscribe?token={confirm}", ("List-Unsubscribe", "One-Click"));
        using var wrongConfirm = await _app.PostAsync(publication, "/confirm", ("token", unsubscribe));
        using var wrongSignIn = await _app.PostAsync(publication, "/sign-in", ("token", unsubscribe));

        Assert.Equal((HttpStatusCode.BadRequest, HttpStatusCode.BadRequest, HttpStatusCode.Gone), (wrongLeave.StatusCode, wrongConfirm.StatusCode, wrongSignIn.StatusCode));
        Assert.False(await _app.AnyAsync(publication, s => s.ConfirmedAt != null));
    }

    [Fact]
    public async Task A_link_of_one_publication_does_nothing_in_another()
    {
        var (publication, other) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        var (confirm, unsubscribe) = await PendingAsync(publication, "ada@example.com");

        using var confirmed = await _app.PostAsync(other, "/confirm", ("token", confirm));
        using var left = await _app.PostAsync(other, $"/unsubscribe?token={unsubscribe}", ("choices", "1"), ("all", "1"));

        Assert.Equal(HttpStatusCode.BadRequest, confirmed.StatusCode);
        Assert.Equal(HttpStatusCode.OK, left.StatusCode);
        Assert.False(await _app.AnyAsync(publication, s => s.ConfirmedAt != null));
    }

    [Theory]
    [InlineData("")]
    [InlineData("1")]
    [InlineData("1..")]
    [InlineData("1.AAAA.BBBB")]
    [InlineData("999.AAAA.BBBB")]
    [InlineData("-1.AAAA.BBBB")]
    [InlineData("1.%00.B")]
    [InlineData("not a token")]
    public async Task A_forged_token_meets_a_clear_page(string token)
    {
        var publication = await _app.PublicationAsync();
        using var client = _app.Service.Anonymous();
        foreach (var path in new[] { "/confirm", "/unsubscribe", "/sign-in", "/account/address/confirm" })
        {
            if (path == "/sign-in" && token.Length == 0) continue;
            using var opened = await client.GetAsync($"/{publication.Slug}{path}?token={Uri.EscapeDataString(token)}");
            using var posted = await _app.PostAsync(publication, $"{path}?token={Uri.EscapeDataString(token)}", ("token", token), ("List-Unsubscribe", "One-Click"));

            Assert.InRange((int)opened.StatusCode, 400, 410);
            Assert.InRange((int)posted.StatusCode, 400, 410);
            Assert.Contains("does not work", await posted.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task One_changed_character_makes_a_token_forged()
    {
        var publication = await _app.PublicationAsync();
        var (confirm, _) = await PendingAsync(publication, "ada@example.com");

        // Not the last of a part: its low bits are padding.
        for (var i = 2; i < confirm.Length - 1; i += 5)
        {
            if (confirm[i] == '.' || confirm[i + 1] == '.') continue;
            var changed = confirm[..i] + (confirm[i] == 'A' ? 'B' : 'A') + confirm[(i + 1)..];
            using var answer = await _app.PostAsync(publication, "/confirm", ("token", changed));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
        Assert.False(await _app.AnyAsync(publication, s => s.ConfirmedAt != null));
    }

    [Fact]
    public async Task Links_end_when_they_should_and_unsubscribing_works_after_two_years()
    {
        await using var app = await SubscriberApp.StartAsync();
        var publication = await app.PublicationAsync();
        await app.ReaderAsync(publication, "ada@example.com");
        using (await app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"))) { }
        var signIn = await app.MailAsync(publication, "ada@example.com", TransactionalTemplate.SignIn);
        using (await app.SubscribeAsync(publication, new { email = "late@example.com" })) { }
        var confirm = await app.MailAsync(publication, "late@example.com", TransactionalTemplate.Confirmation);
        var unsubscribe = (await app.SnapshotAsync(publication, "ada@example.com", s => s.ConfirmedAt is not null)).UnsubscribeToken;

        app.Service.Time.Advance(TimeSpan.FromMinutes(16));
        using var lateLink = await app.PostAsync(publication, "/sign-in", ("token", SubscriberApp.TokenOf(signIn.Values["link"])));
        using var lateCode = await app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"), ("code", signIn.Values["code"]));
        app.Service.Time.Advance(TimeSpan.FromDays(15));
        using var lateConfirm = await app.PostAsync(publication, "/confirm", ("token", SubscriberApp.TokenOf(confirm.Values["link"])));
        app.Service.Time.Advance(TimeSpan.FromDays(2 * 366));
        using var left = await app.PostAsync(publication, $"/unsubscribe?token={unsubscribe}", ("List-Unsubscribe", "One-Click"));

        Assert.Equal((HttpStatusCode.Gone, HttpStatusCode.BadRequest, HttpStatusCode.Gone), (lateLink.StatusCode, lateCode.StatusCode, lateConfirm.StatusCode));
        Assert.Equal(HttpStatusCode.OK, left.StatusCode);
        Assert.False(await app.AnyAsync(publication, s => s.Consents.Any(c => c.WithdrawnAt == null)));
        Assert.True(await app.AnyAsync(publication, s => s.NormalisedEmail == "late@example.com" && s.ConfirmedAt == null));
    }

    private async Task<(string Confirm, string Unsubscribe)> PendingAsync(PublicationSnapshot publication, string email)
    {
        using (await _app.SubscribeAsync(publication, new { email })) { }
        var mail = await _app.MailAsync(publication, email, TransactionalTemplate.Confirmation);
        return (SubscriberApp.TokenOf(mail.Values["link"]), SubscriberApp.TokenOf(mail.Values["unsubscribe"]));
    }
}
