using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Newsletter.Contracts;
using Newsletter.Tests.Harness;

namespace Newsletter.Subscriber.Tests;

/// <summary>The story of a reader on the database of standalone, which has its own migrations and takes one writer at a time.</summary>
public sealed class SqliteTests
{
    [Fact]
    public async Task Signing_up_confirming_signing_in_listing_and_erasing_work_on_SQLite()
    {
        await using var app = await SubscriberApp.StartAsync(DatabaseKind.Sqlite);
        var publication = await app.PublicationAsync();
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => app.ReaderAsync(publication, $"reader{i}@example.com")));
        using (await app.PostAsync(publication, "/sign-in", ("email", "reader1@example.com"))) { }
        var mail = await app.MailAsync(publication, "reader1@example.com", TransactionalTemplate.SignIn);
        using var signedIn = await app.PostAsync(publication, "/sign-in", ("email", "reader1@example.com"), ("code", mail.Values["code"]));
        var owner = await app.OwnerAsync(publication);

        var first = await owner.GetFromJsonAsync<JsonElement>($"/api/v1/publications/{publication.Slug}/subscribers?status=active&q=READER&limit=15");
        var rest = await owner.GetFromJsonAsync<JsonElement>($"/api/v1/publications/{publication.Slug}/subscribers?status=active&limit=15&cursor={first.GetProperty("next").GetString()}");
        var id = rest.GetProperty("items")[0].GetProperty("id").GetGuid();
        using var erased = await owner.DeleteAsync($"/api/v1/publications/{publication.Slug}/subscribers/{id}");
        await app.Service.PublishAsync(new RequestResync(nameof(SubscribersChanged)));

        Assert.Equal(HttpStatusCode.SeeOther, signedIn.StatusCode);
        Assert.Equal((15, 5), (first.GetProperty("items").GetArrayLength(), rest.GetProperty("items").GetArrayLength()));
        Assert.Equal(HttpStatusCode.NoContent, erased.StatusCode);
        var part = await app.Service.SentAsync<Resync<SubscribersChanged>>(_ => true);
        Assert.Equal(19, part.Changed.Subscribers.Count);
    }
}
