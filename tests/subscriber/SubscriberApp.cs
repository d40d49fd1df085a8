using System.Linq.Expressions;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Defaults.Identity;
using Newsletter.Subscriber.Storage;
using Newsletter.Tests.Harness;

namespace Newsletter.Subscriber.Tests;

/// <summary>The service, with tokens that it issued itself, and the words that its tests speak in.</summary>
public sealed class SubscriberApp : IAsyncDisposable
{
    public const string OwnerKey = "nlk_test-owner-0123456789abcdef0123456789abcdef";
    private readonly List<HttpClient> _clients = [];

    private SubscriberApp(ServiceUnderTest service) => Service = service;

    public ServiceUnderTest Service { get; }

    public static async Task<SubscriberApp> StartAsync(DatabaseKind database = DatabaseKind.Postgres, TestDatabase? useDatabase = null) =>
        new(await ServiceUnderTest.StartAsync(
            "subscriber", b => b.AddSubscriber(), a => a.MapSubscriber(),
            [new("Newsletter:Owner:Email", "owner@example.com"), new("Newsletter:Owner:ApiKey", OwnerKey)],
            database, servesOwnKeys: true, useDatabase));

    /// <summary>As content tells of it.</summary>
    public async Task<PublicationSnapshot> PublicationAsync(string? slug = null, Guid? createdBy = null)
    {
        slug ??= $"p{Guid.NewGuid():N}"[..12];
        var publication = new PublicationSnapshot
        {
            Id = Guid.CreateVersion7(),
            Version = 1,
            Slug = slug,
            Name = "Paper Digest",
            Tagline = "A weekly roundup",
            BaseUrl = $"http://localhost:8080/{slug}",
            CreatedBy = createdBy,
            Newsletters =
            [
                new() { Id = Guid.CreateVersion7(), Slug = "posts", Name = "New posts", Kind = NewsletterKind.Posts },
                new() { Id = Guid.CreateVersion7(), Slug = "weekly", Name = "Weekly roundup", Kind = NewsletterKind.Roundup, Schedule = new(DayOfWeek.Saturday, new(8, 0)) },
            ],
        };
        await Service.PublishAsync(new PublicationChanged(publication));
        return publication;
    }

    /// <summary>What the gateway does with a cookie or a key.</summary>
    public async Task<HttpResponseMessage> ExchangeAsync(string credential, Guid? publication)
    {
        using var client = Service.Anonymous();
        return await client.PostAsJsonAsync("/internal/token", new { credential, publicationId = publication });
    }

    public async Task<string> TokenAsync(string credential, Guid? publication)
    {
        using var answer = await ExchangeAsync(credential, publication);
        answer.EnsureSuccessStatusCode();
        return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("token").GetString()!;
    }

    /// <summary>A client that speaks for whoever holds the credential.</summary>
    public async Task<HttpClient> ClientAsync(string credential, Guid? publication)
    {
        var client = Service.Anonymous();
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(credential, publication));
        _clients.Add(client);
        return client;
    }

    public Task<HttpClient> OwnerAsync(PublicationSnapshot publication) => ClientAsync(OwnerKey, publication.Id);

    public async Task<HttpResponseMessage> SubscribeAsync(PublicationSnapshot publication, object request)
    {
        using var client = Service.Anonymous();
        return await client.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscriptions", request);
    }

    /// <summary>What the service last told of somebody.</summary>
    public async Task<SubscriberSnapshot> SnapshotAsync(PublicationSnapshot publication, string address, Func<SubscriberSnapshot, bool>? match = null) =>
        await Eventually.GetAsync(
            () => Task.FromResult(Service.Sent<SubscribersChanged>().Where(c => c.PublicationId == publication.Id).SelectMany(c => c.Subscribers)
                .Where(s => s.NormalisedEmail == address && match?.Invoke(s) != false).MaxBy(s => s.Version)),
            "a snapshot of the subscriber");

    /// <summary>The newest mail to an address.</summary>
    public async Task<SendTransactionalMail> MailAsync(PublicationSnapshot publication, string to, TransactionalTemplate template, int atLeast = 1) =>
        await Eventually.GetAsync(
            () => Task.FromResult(MailsTo(publication, to, template) is var mails && mails.Count >= atLeast ? mails[^1] : null), $"{template} mail number {atLeast}");

    public List<SendTransactionalMail> MailsTo(PublicationSnapshot publication, string to, TransactionalTemplate template) =>
        Service.Sent<SendTransactionalMail>()
            .Where(m => m.PublicationId == publication.Id && m.Template == template && string.Equals(m.To, to, StringComparison.OrdinalIgnoreCase)).ToList();

    public static string TokenOf(string link) => Uri.UnescapeDataString(link[(link.IndexOf("token=", StringComparison.Ordinal) + 6)..].Split('&')[0]);

    /// <summary>Posts a form as the publication's own page does.</summary>
    public async Task<HttpResponseMessage> PostAsync(PublicationSnapshot publication, string path, params (string Name, string Value)[] fields)
    {
        using var client = Service.Anonymous();
        return await PostAsync(client, publication, path, fields);
    }

    public static async Task<HttpResponseMessage> PostAsync(HttpClient client, PublicationSnapshot publication, string path, params (string Name, string Value)[] fields)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/{publication.Slug}{path}")
        {
            Content = new FormUrlEncodedContent(fields.Select(f => KeyValuePair.Create(f.Name, f.Value))),
        };
        request.Headers.Add("Origin", new Uri(publication.BaseUrl).GetLeftPart(UriPartial.Authority));
        return await client.SendAsync(request);
    }

    /// <summary>The session that an answer's cookie carries.</summary>
    public static string SessionOf(HttpResponseMessage answer, PublicationSnapshot publication)
    {
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"), c => c.StartsWith($"session-{publication.Slug}=", StringComparison.Ordinal));
        return cookie.Split(';')[0].Split('=', 2)[1];
    }

    /// <summary>Whether the database holds such a subscriber of the publication.</summary>
    internal Task<bool> AnyAsync(PublicationSnapshot publication, Expression<Func<Subscriber, bool>> match) =>
        Service.WithDbAsync<SubscriberDb, bool>(db => db.Subscribers.Where(s => s.PublicationId == publication.Id).AnyAsync(match));

    /// <summary>Signs somebody up and confirms them, by their mail; answers their session.</summary>
    public async Task<string> ReaderAsync(PublicationSnapshot publication, string email, string cadence = "weekly")
    {
        using var signedUp = await SubscribeAsync(publication, new { email, cadence });
        signedUp.EnsureSuccessStatusCode();
        var mail = await MailAsync(publication, email, TransactionalTemplate.Confirmation);
        using var confirmed = await PostAsync(publication, "/confirm", ("token", TokenOf(mail.Values["link"])));
        return SessionOf(confirmed, publication);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        await Service.DisposeAsync();
    }
}

/// <summary>One service for the tests of a class.</summary>
public sealed class SubscriberFixture : IAsyncLifetime
{
    public SubscriberApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync() => App = await SubscriberApp.StartAsync();

    public ValueTask DisposeAsync() => App.DisposeAsync();
}

public sealed class SqliteSubscriberFixture : IAsyncLifetime
{
    public SubscriberApp App { get; private set; } = null!;

    public async ValueTask InitializeAsync() => App = await SubscriberApp.StartAsync(DatabaseKind.Sqlite);

    public ValueTask DisposeAsync() => App.DisposeAsync();
}
