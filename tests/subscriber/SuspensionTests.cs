using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Contracts;

namespace Newsletter.Subscriber.Tests;

public sealed class SuspensionTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task Nobody_signs_up_or_is_signed_up_at_a_suspended_publication()
    {
        var publication = await _app.PublicationAsync();
        var owner = await OwnerAsync(publication);
        await SuspendAsync(publication);
        using var stranger = _app.Service.Anonymous();

        using var byApi = await _app.SubscribeAsync(publication, new { email = "ada@example.com" });
        using var form = await stranger.GetAsync($"/{publication.Slug}/subscribe");
        using var byForm = await _app.PostAsync(publication, "/subscribe", ("email", "ada@example.com"), ("cadence", "weekly"));
        using var byStaff = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers", new { email = "ada@example.com" });
        using var imported = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers/import", new[] { new { email = "ada@example.com" } });

        Assert.All(new[] { byApi, form, byForm, byStaff, imported }, answer => Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode));
        Assert.False(await _app.AnyAsync(publication, s => s.NormalisedEmail == "ada@example.com"));
    }

    [Fact]
    public async Task Readers_of_a_suspended_publication_sign_in_confirm_and_leave_it()
    {
        var publication = await _app.PublicationAsync();
        var session = await _app.ReaderAsync(publication, "ada@example.com");
        var unsubscribe = (await _app.SnapshotAsync(publication, "ada@example.com")).UnsubscribeToken;
        using (await _app.SubscribeAsync(publication, new { email = "ben@example.com", cadence = "weekly" })) { }
        var confirm = SubscriberApp.TokenOf((await _app.MailAsync(publication, "ben@example.com", TransactionalTemplate.Confirmation)).Values["link"]);
        await SuspendAsync(publication);
        using var stranger = _app.Service.Anonymous();
        var reader = await _app.ClientAsync(session, publication.Id);

        foreach (var path in new[] { $"/unsubscribe?token={unsubscribe}", $"/confirm?token={confirm}", "/sign-in" })
            Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync($"/{publication.Slug}{path}")).StatusCode);
        foreach (var path in new[] { "/account", "/account/export" })
            Assert.Equal(HttpStatusCode.OK, (await reader.GetAsync($"/{publication.Slug}{path}")).StatusCode);
        using var confirmed = await _app.PostAsync(publication, "/confirm", ("token", confirm));
        using var asked = await _app.PostAsync(publication, "/sign-in", ("email", "ada@example.com"));
        using var oneClick = await _app.PostAsync(publication, $"/unsubscribe?token={unsubscribe}&newsletter=weekly", ("List-Unsubscribe", "One-Click"));
        // Past the door: what is missing is the form's own token.
        using var erased = await SubscriberApp.PostAsync(reader, publication, "/account/erasure");

        Assert.NotEmpty(SubscriberApp.SessionOf(confirmed, publication));
        await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.SignIn);
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.BadRequest), (oneClick.StatusCode, erased.StatusCode));
        Assert.Empty((await _app.SnapshotAsync(publication, "ada@example.com", s => s.Consents.Count == 0)).Consents);
    }

    private Task SuspendAsync(PublicationSnapshot publication) =>
        _app.Service.PublishAsync(new PublicationChanged(publication with { Version = publication.Version + 1, Suspended = true }));

    /// <summary>The key that the installation begins with is its operator's.</summary>
    private async Task<HttpClient> OwnerAsync(PublicationSnapshot publication)
    {
        var first = await _app.OwnerAsync(publication);
        using var made = await first.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/keys", new { name = "Owner", role = "owner" });
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
        return await _app.ClientAsync(key, publication.Id);
    }
}
