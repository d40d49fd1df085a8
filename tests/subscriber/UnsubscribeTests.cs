using System.Net;
using System.Net.Http.Json;
using Newsletter.Contracts;

namespace Newsletter.Subscriber.Tests;

public sealed class UnsubscribeTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task One_click_ends_the_newsletter_that_the_letter_came_from_without_cookie_origin_or_redirect(bool multipart)
    {
        var publication = await _app.PublicationAsync();
        var reader = await BothAsync(publication, "ada@example.com");

        for (var time = 0; time < 2; time++)
        {
            using var client = _app.Service.Anonymous();
            using HttpContent body = multipart
                ? new MultipartFormDataContent { { new StringContent("One-Click"), "List-Unsubscribe" } }
                : new FormUrlEncodedContent([new("List-Unsubscribe", "One-Click")]);
            using var answer = await client.PostAsync($"/{publication.Slug}/unsubscribe?token={reader.UnsubscribeToken}&newsletter=weekly", body);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }

        var after = await _app.SnapshotAsync(publication, "ada@example.com", s => s.Version > reader.Version);
        Assert.Equal(publication.Newsletters[0].Id, Assert.Single(after.Consents).NewsletterId);
        Assert.True(await _app.AnyAsync(publication, s => s.Version == after.Version && s.Consents.Any(c => c.WithdrawnBy == "one-click")));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Who_left_by_their_mailbox_providers_button_has_left_once_and_may_come_back(bool isOfAll)
    {
        var publication = await _app.PublicationAsync();
        var reader = await BothAsync(publication, "ada@example.com");
        var command = new EndConsent(Guid.CreateVersion7(), publication.Id, reader.Id, isOfAll ? null : publication.Newsletters[1].Id);

        await _app.Service.PublishAsync(command);

        var after = await _app.SnapshotAsync(publication, "ada@example.com", s => s.Version > reader.Version);
        Assert.Equal(isOfAll ? [] : [publication.Newsletters[0].Id], after.Consents.Select(c => c.NewsletterId));
        Assert.True(await _app.AnyAsync(publication, s => s.Version == after.Version && s.Consents.Any(c => c.WithdrawnBy == "mailbox-provider")));

        var owner = await _app.OwnerAsync(publication);
        using var back = await owner.PatchAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers/{reader.Id}", new { newsletters = new[] { "posts", "weekly" } });
        Assert.Equal(HttpStatusCode.OK, back.StatusCode);
        var again = await _app.SnapshotAsync(publication, "ada@example.com", s => s.Version > after.Version);
        await _app.Service.PublishAsync(command);
        Assert.True(await _app.AnyAsync(publication, s => s.Version == again.Version && s.Consents.Count(c => c.WithdrawnAt == null) == 2));
    }

    [Fact]
    public async Task Another_publications_readers_do_not_leave()
    {
        var (publication, other) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        var reader = await BothAsync(publication, "ada@example.com");

        await _app.Service.PublishAsync(new EndConsent(Guid.CreateVersion7(), other.Id, reader.Id, null));

        Assert.True(await _app.AnyAsync(publication, s => s.Version == reader.Version));
    }

    [Fact]
    public async Task One_click_from_a_newsletter_that_is_no_more_ends_all()
    {
        var publication = await _app.PublicationAsync();
        var reader = await BothAsync(publication, "ada@example.com");

        using var answer = await _app.PostAsync(publication, $"/unsubscribe?token={reader.UnsubscribeToken}&newsletter=gone", ("List-Unsubscribe", "One-Click"));

        Assert.Empty((await _app.SnapshotAsync(publication, "ada@example.com", s => s.Version > reader.Version)).Consents);
    }

    [Fact]
    public async Task Opening_the_link_shows_all_newsletters_and_changes_nothing()
    {
        var publication = await _app.PublicationAsync();
        var reader = await BothAsync(publication, "ada@example.com");

        using var client = _app.Service.Anonymous();
        using var page = await client.GetAsync($"/{publication.Slug}/unsubscribe?token={reader.UnsubscribeToken}&newsletter=weekly");
        var html = await page.Content.ReadAsStringAsync();

        Assert.Contains("New posts", html, StringComparison.Ordinal);
        Assert.Contains("Weekly roundup", html, StringComparison.Ordinal);
        Assert.Equal(("no-referrer", "no-store"), (page.Headers.GetValues("Referrer-Policy").Single(), page.Headers.CacheControl!.ToString()));
        Assert.True(await _app.AnyAsync(publication, s => s.Version == reader.Version));
    }

    [Fact]
    public async Task The_pages_form_keeps_what_is_ticked_and_stops_all()
    {
        var publication = await _app.PublicationAsync();
        var reader = await BothAsync(publication, "ada@example.com");
        var path = $"/unsubscribe?token={reader.UnsubscribeToken}";

        using (await _app.PostAsync(publication, path, ("choices", "1"), ("newsletters", "posts"))) { }
        Assert.Single((await _app.SnapshotAsync(publication, "ada@example.com", s => s.Version > reader.Version)).Consents);
        using (await _app.PostAsync(publication, path, ("choices", "1"), ("newsletters", "posts"), ("all", "1"))) { }

        await _app.SnapshotAsync(publication, "ada@example.com", s => s.ConfirmedAt is not null && s.Consents.Count == 0);
    }

    [Fact]
    public async Task What_was_ended_comes_back_by_signing_in_and_not_by_the_link()
    {
        var publication = await _app.PublicationAsync();
        var reader = await BothAsync(publication, "ada@example.com");
        var path = $"/unsubscribe?token={reader.UnsubscribeToken}";
        using (await _app.PostAsync(publication, path, ("choices", "1"), ("newsletters", "posts"))) { }

        using var answer = await _app.PostAsync(publication, path, ("choices", "1"), ("newsletters", "posts"), ("newsletters", "weekly"));

        var html = await answer.Content.ReadAsStringAsync();
        Assert.DoesNotContain("Weekly roundup", html, StringComparison.Ordinal);
        Assert.Contains($"to get one again, sign in to <a href=\"{publication.BaseUrl}/account\">your account</a>", html, StringComparison.Ordinal);
        Assert.True(await _app.AnyAsync(publication, s => s.Consents.Count == 2 && s.Consents.Count(c => c.WithdrawnAt == null) == 1));
    }

    [Fact]
    public async Task The_link_gives_nobody_a_newsletter_that_they_never_had()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");
        var reader = await _app.SnapshotAsync(publication, "ada@example.com", s => s.ConfirmedAt is not null);

        using (await _app.PostAsync(publication, $"/unsubscribe?token={reader.UnsubscribeToken}", ("choices", "1"), ("newsletters", "posts"), ("newsletters", "weekly"))) { }

        Assert.False(await _app.AnyAsync(publication, s => s.Consents.Count != 1));
    }

    private async Task<SubscriberSnapshot> BothAsync(PublicationSnapshot publication, string email)
    {
        using (await _app.SubscribeAsync(publication, new { email, newsletters = new[] { "posts", "weekly" } })) { }
        var mail = await _app.MailAsync(publication, email, TransactionalTemplate.Confirmation);
        using (await _app.PostAsync(publication, "/confirm", ("token", SubscriberApp.TokenOf(mail.Values["link"])))) { }
        return await _app.SnapshotAsync(publication, email, s => s.Consents.Count == 2);
    }
}
