using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;

namespace Newsletter.Subscriber.Tests;

/// <summary>How a publication grew, by its own days.</summary>
public sealed class ReaderFigureTests
{
    [Theory]
    [InlineData(DatabaseKind.Postgres)]
    [InlineData(DatabaseKind.Sqlite)]
    public async Task Sign_ups_confirmations_and_leavings_are_told_by_the_publication_s_days(DatabaseKind kind)
    {
        await using var app = await SubscriberApp.StartAsync(kind);
        // Where it is the next day already, or not yet, so that a day of UTC would be told apart; and where no day ends within the hour.
        var now = DateTimeOffset.UtcNow;
        var zone = now.Hour < 11 ? "Etc/GMT+12" : "Etc/GMT-14";
        var today = DateOnly.FromDateTime(now.AddHours(now.Hour < 11 ? -12 : 14).Date);
        var publication = await app.PublicationAsync();
        await app.Service.PublishAsync(new PublicationChanged(publication with { Version = 2, TimeZone = zone }));
        var (owner, other) = (await app.OwnerAsync(publication), await app.PublicationAsync());
        await AddAsync(await app.OwnerAsync(other), other, "x@example.com", true);
        var first = await AddAsync(owner, publication, "a@example.com", true);
        var second = await AddAsync(owner, publication, "b@example.com", true);
        await AddAsync(owner, publication, "c@example.com", false);
        await AddAsync(owner, publication, "d@example.com", true);

        app.Service.Time.Advance(TimeSpan.FromDays(2));
        owner = await app.OwnerAsync(publication);
        using var left = await owner.PatchAsJsonAsync(first, new { cadence = "none" });
        using var erased = await owner.DeleteAsync(second);
        await AddAsync(owner, publication, "e@example.com", true);
        await AddAsync(owner, publication, "f@example.com", true, "none");

        var figures = await owner.GetFromJsonAsync<JsonElement>($"/api/v1/publications/{publication.Slug}/statistics/readers?days=3");
        var days = figures.GetProperty("days").EnumerateArray().ToList();
        Assert.Equal(Enumerable.Range(0, 3).Select(n => today.AddDays(n).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)), days.Select(d => d.GetProperty("day").GetString()));
        // Whoever was erased is in no other figure any more; who never wanted a letter has not left.
        Assert.Equal([(3, 2, 0), (0, 0, 0), (2, 2, 2)], days.Select(d => (Number(d, "signUps"), Number(d, "confirmed"), Number(d, "left"))));
        var totals = figures.GetProperty("totals");
        Assert.Equal((2, 1, 2), (Number(totals, "active"), Number(totals, "pending"), Number(totals, "unsubscribed")));
        Assert.Equal(28, (await owner.GetFromJsonAsync<JsonElement>($"/api/v1/publications/{publication.Slug}/statistics/readers")).GetProperty("days").GetArrayLength());

        foreach (var wrong in new[] { "0", "367", "many" })
        {
            using var refused = await owner.GetAsync($"/api/v1/publications/{publication.Slug}/statistics/readers?days={wrong}");
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
        }
    }

    private static int Number(JsonElement json, string name) => json.GetProperty(name).GetInt32();

    private static async Task<Uri> AddAsync(HttpClient owner, PublicationSnapshot publication, string email, bool confirmed, string cadence = "weekly")
    {
        using var added = await owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers", new { email, cadence, confirmed });
        Assert.Equal(HttpStatusCode.Created, added.StatusCode);
        return added.Headers.Location!;
    }
}
