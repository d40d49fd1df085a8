using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Newsletter.Contracts;

namespace Newsletter.Subscriber.Tests;

public sealed partial class AccountTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task The_page_is_for_signed_in_readers_and_never_cached()
    {
        var publication = await _app.PublicationAsync();
        var reader = await SignedInAsync(publication, "ada@example.com");
        using var anonymous = _app.Service.Anonymous();
        anonymous.DefaultRequestHeaders.Add("Accept", "text/html");

        using var page = await reader.GetAsync($"/{publication.Slug}/account");
        using var redirect = await anonymous.GetAsync($"/{publication.Slug}/account");

        Assert.Contains("ada@example.com", await page.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Contains("no-store", page.Headers.CacheControl!.ToString(), StringComparison.Ordinal);
        Assert.StartsWith($"{publication.BaseUrl}/sign-in", redirect.Headers.Location!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_form_without_its_antiforgery_token_changes_nothing()
    {
        var publication = await _app.PublicationAsync();
        var reader = await SignedInAsync(publication, "ada@example.com");
        foreach (var path in new[] { "/account/preferences", "/account/profile", "/account/address", "/account/sessions/sign-out", "/account/erasure" })
        {
            using var answer = await SubscriberApp.PostAsync(reader, publication, path, ("cadence", "none"), ("email", "ada@example.com"));
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
        Assert.True(await _app.AnyAsync(publication, s => s.Consents.Any(c => c.WithdrawnAt == null)));
    }

    [Fact]
    public async Task Cadence_topics_name_zone_and_tracking_are_the_readers_to_choose()
    {
        var publication = await _app.PublicationAsync();
        var reader = await SignedInAsync(publication, "ada@example.com");

        using (await SaveAsync(reader, publication, "/account/preferences", ("cadence", "every_post"), ("topics", "vision"))) { }
        using (await SaveAsync(reader, publication, "/account/profile", ("name", "Ada"), ("timeZone", "Europe/Vienna"))) { }

        var saved = await _app.SnapshotAsync(publication, "ada@example.com", s => s.Name == "Ada");
        Assert.Equal((publication.Newsletters[0].Id, "vision", "Europe/Vienna", false),
            (Assert.Single(saved.Consents).NewsletterId, Assert.Single(saved.Topics), saved.TimeZone, saved.TrackingAllowed));
    }

    [Theory]
    [InlineData("Ada\r\nBcc: x@example.com", "")]
    [InlineData("Ada", "Mars/Olympus")]
    public async Task A_bad_profile_is_told_and_not_saved(string name, string timeZone)
    {
        var publication = await _app.PublicationAsync();
        var reader = await SignedInAsync(publication, "ada@example.com");

        using var answer = await SaveAsync(reader, publication, "/account/profile", ("name", name), ("timeZone", timeZone));

        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.True(await _app.AnyAsync(publication, s => s.Name == null && s.TimeZone == null));
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_session()
    {
        var publication = await _app.PublicationAsync();
        var session = await _app.ReaderAsync(publication, "ada@example.com");
        var reader = await ReaderClientAsync(publication, session);

        using var answer = await SaveAsync(reader, publication, "/account/sessions/sign-out");

        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        using var exchange = await _app.ExchangeAsync(session, publication.Id);
        Assert.Equal(HttpStatusCode.Unauthorized, exchange.StatusCode);
        // The others learn of it, for what they gave out themselves.
        await _app.SnapshotAsync(publication, "ada@example.com", s => s.SignOuts == 1);
    }

    [Fact]
    public async Task An_address_changes_when_the_mail_at_the_new_one_is_answered()
    {
        var publication = await _app.PublicationAsync();
        var reader = await SignedInAsync(publication, "ada@example.com");

        using (await SaveAsync(reader, publication, "/account/address", ("email", "New@Example.com"))) { }
        var mail = await _app.MailAsync(publication, "new@example.com", TransactionalTemplate.AddressChange);
        Assert.True(await _app.AnyAsync(publication, s => s.NormalisedEmail == "ada@example.com"));
        using var moved = await _app.PostAsync(publication, "/account/address/confirm", ("token", SubscriberApp.TokenOf(mail.Values["link"])));
        using var again = await _app.PostAsync(publication, "/account/address/confirm", ("token", SubscriberApp.TokenOf(mail.Values["link"])));

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Gone), (moved.StatusCode, again.StatusCode));
        Assert.Equal("New@Example.com", (await _app.SnapshotAsync(publication, "new@example.com")).Email);
    }

    [Fact]
    public async Task An_address_that_is_taken_is_not_taken_over()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "bob@example.com");
        var reader = await SignedInAsync(publication, "ada@example.com");

        using var asked = await SaveAsync(reader, publication, "/account/address", ("email", "bob@example.com"));
        var mail = await _app.MailAsync(publication, "bob@example.com", TransactionalTemplate.AddressChange);
        using var moved = await _app.PostAsync(publication, "/account/address/confirm", ("token", SubscriberApp.TokenOf(mail.Values["link"])));

        Assert.Equal((HttpStatusCode.SeeOther, HttpStatusCode.Conflict), (asked.StatusCode, moved.StatusCode));
        Assert.True(await _app.AnyAsync(publication, s => s.NormalisedEmail == "ada@example.com"));
    }

    [Fact]
    public async Task The_export_holds_what_we_know_with_the_history_of_consents()
    {
        var publication = await _app.PublicationAsync();
        var reader = await SignedInAsync(publication, "ada@example.com");
        using (await SaveAsync(reader, publication, "/account/preferences", ("cadence", "none"))) { }

        var export = await reader.GetFromJsonAsync<JsonElement>($"/{publication.Slug}/account/export");

        Assert.Equal("ada@example.com", export.GetProperty("email").GetString());
        var consent = Assert.Single(export.GetProperty("consents").EnumerateArray());
        Assert.Equal(("weekly", "account"), (consent.GetProperty("newsletter").GetString(), consent.GetProperty("withdrawnBy").GetString()));
        Assert.Single(export.GetProperty("sessions").EnumerateArray());
    }

    [Fact]
    public async Task The_plan_that_billing_grants_is_shown()
    {
        var publication = await _app.PublicationAsync();
        var reader = await SignedInAsync(publication, "ada@example.com");
        var id = (await _app.SnapshotAsync(publication, "ada@example.com")).Id;
        var now = DateTimeOffset.UtcNow;
        var grant = new GrantSnapshot { Id = Guid.CreateVersion7(), PublicationId = publication.Id, Version = 5, SubscriberId = id, Tier = "member", From = now.AddDays(-1), Until = now.AddDays(9) };
        await _app.Service.PublishAsync(new GrantsChanged(publication.Id, [grant]));
        await _app.Service.PublishAsync(new GrantsChanged(publication.Id, [grant with { Version = 4, Tier = "older" }]));

        var html = await reader.GetStringAsync($"/{publication.Slug}/account");

        // Billing's own page holds the form: only billing knows the key of its token.
        Assert.Contains($"<a class=\"button button--quiet\" href=\"{publication.BaseUrl}/billing\">Manage billing</a>", html, StringComparison.Ordinal);
        Assert.DoesNotContain("Older", html, StringComparison.Ordinal);
    }

    private async Task<HttpClient> SignedInAsync(PublicationSnapshot publication, string email) =>
        await ReaderClientAsync(publication, await _app.ReaderAsync(publication, email));

    /// <summary>With a jar for the antiforgery cookie.</summary>
    private async Task<HttpClient> ReaderClientAsync(PublicationSnapshot publication, string session)
    {
        var client = _app.Service.Anonymous(cookies: true);
        client.DefaultRequestHeaders.Authorization = new("Bearer", await _app.TokenAsync(session, publication.Id));
        return client;
    }

    /// <summary>Fills in a form of the account page, with the antiforgery token that stands in it.</summary>
    private static async Task<HttpResponseMessage> SaveAsync(HttpClient reader, PublicationSnapshot publication, string path, params (string, string)[] fields)
    {
        var html = await reader.GetStringAsync($"/{publication.Slug}/account");
        return await SubscriberApp.PostAsync(reader, publication, path, [.. fields, ("__form", FormToken().Match(html).Groups[1].Value)]);
    }

    [GeneratedRegex("name=\"__form\" value=\"([^\"]+)\"")]
    private static partial Regex FormToken();
}
