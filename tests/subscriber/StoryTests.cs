using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Contracts;

namespace Newsletter.Subscriber.Tests;

/// <summary>One reader, as staff look them up.</summary>
public sealed class StoryTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task The_story_tells_consents_as_they_came_and_went_and_the_devices_that_are_signed_in()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        await _app.ReaderAsync(publication, "ada@example.com");
        var id = (await _app.SnapshotAsync(publication, "ada@example.com", s => s.ConfirmedAt is not null)).Id;
        using var changed = await owner.PatchAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers/{id}", new { cadence = "every_post" });

        var story = await StoryAsync(owner, publication, id);

        Assert.Equal(("ada@example.com", "active"), (Text(story.GetProperty("subscriber"), "email"), Text(story.GetProperty("subscriber"), "status")));
        Assert.Equal([("posts", "staff", null), ("weekly", "api", "staff")],
            story.GetProperty("consents").EnumerateArray().Select(c => (Text(c, "newsletter"), Text(c, "source"), Text(c, "withdrawnBy"))));
        var session = Assert.Single(story.GetProperty("sessions").EnumerateArray());
        Assert.Equal("An unknown browser", Text(session, "device"));
        Assert.True(session.GetProperty("expiresAt").GetDateTimeOffset() > session.GetProperty("createdAt").GetDateTimeOffset());
        Assert.DoesNotContain("hash", story.GetRawText(), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task Staff_sign_a_reader_out_of_everything_and_nobody_else()
    {
        var publication = await _app.PublicationAsync();
        var owner = await _app.OwnerAsync(publication);
        var session = await _app.ReaderAsync(publication, "ada@example.com");
        var others = await _app.ReaderAsync(publication, "bob@example.com");
        var id = (await _app.SnapshotAsync(publication, "ada@example.com", s => s.ConfirmedAt is not null)).Id;

        using var out_ = await owner.DeleteAsync($"/api/v1/publications/{publication.Slug}/subscribers/{id}/sessions");

        Assert.Equal(HttpStatusCode.NoContent, out_.StatusCode);
        using var ended = await _app.ExchangeAsync(session, publication.Id);
        using var going = await _app.ExchangeAsync(others, publication.Id);
        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.OK), (ended.StatusCode, going.StatusCode));
        Assert.Equal(1, (await _app.SnapshotAsync(publication, "ada@example.com", s => s.SignOuts > 0)).SignOuts);
        Assert.Empty((await StoryAsync(owner, publication, id)).GetProperty("sessions").EnumerateArray());
    }

    [Fact]
    public async Task The_story_of_another_publication_s_reader_is_not_there()
    {
        var (publication, other) = (await _app.PublicationAsync(), await _app.PublicationAsync());
        var session = await _app.ReaderAsync(other, "ada@example.com");
        var id = (await _app.SnapshotAsync(other, "ada@example.com")).Id;
        var owner = await _app.OwnerAsync(publication);

        using var told = await owner.GetAsync($"/api/v1/publications/{publication.Slug}/subscribers/{id}/story");
        using var signedOut = await owner.DeleteAsync($"/api/v1/publications/{publication.Slug}/subscribers/{id}/sessions");

        Assert.Equal((HttpStatusCode.NotFound, HttpStatusCode.NotFound), (told.StatusCode, signedOut.StatusCode));
        using var still = await _app.ExchangeAsync(session, other.Id);
        Assert.Equal(HttpStatusCode.OK, still.StatusCode);
    }

    private static Task<JsonElement> StoryAsync(HttpClient owner, PublicationSnapshot publication, Guid id) =>
        owner.GetFromJsonAsync<JsonElement>($"/api/v1/publications/{publication.Slug}/subscribers/{id}/story");

    private static string? Text(JsonElement json, string name) => json.GetProperty(name).GetString();
}
