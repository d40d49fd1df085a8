using System.Net;
using System.Net.Http.Json;
using Microsoft.EntityFrameworkCore;
using Newsletter.Contracts;
using Newsletter.Subscriber.Erasure;
using Newsletter.Subscriber.Storage;
using Newsletter.Tests.Harness;
using Npgsql;

namespace Newsletter.Subscriber.Tests;

/// <summary>What other services tell us and we tell them: registrations, erasures, resyncs.</summary>
public sealed class EventTests(SubscriberFixture fixture) : IClassFixture<SubscriberFixture>
{
    private readonly SubscriberApp _app = fixture.App;

    [Fact]
    public async Task Someone_unknown_who_paid_is_registered_once_and_mailed_once()
    {
        var publication = await _app.PublicationAsync();
        var command = new RegisterSubscriber(Guid.CreateVersion7(), publication.Id, "Payer@example.com", "Pat\r\nBcc: x@example.com", "checkout");

        await _app.Service.PublishAsync(command);
        await _app.Service.PublishAsync(command);

        var mail = await _app.MailAsync(publication, "payer@example.com", TransactionalTemplate.Confirmation);
        Assert.Equal((command.CommandId, (string?)null), (mail.MailId, mail.ToName));
        Assert.Single(_app.MailsTo(publication, "payer@example.com", TransactionalTemplate.Confirmation));
        Assert.Null((await _app.SnapshotAsync(publication, "payer@example.com")).ConfirmedAt);
    }

    [Fact]
    public async Task Someone_known_who_paid_is_shown_the_way_in()
    {
        var publication = await _app.PublicationAsync();
        await _app.ReaderAsync(publication, "ada@example.com");

        await _app.Service.PublishAsync(new RegisterSubscriber(Guid.CreateVersion7(), publication.Id, "ada@example.com", null, "checkout"));

        await _app.MailAsync(publication, "ada@example.com", TransactionalTemplate.AlreadySubscribed);
        Assert.Equal(1, await CountAsync(publication));
    }

    [Fact]
    public async Task Erasing_removes_the_person_tells_the_others_and_is_done_when_all_have_answered()
    {
        var publication = await _app.PublicationAsync();
        var session = await _app.ReaderAsync(publication, "ada@example.com");
        var before = await _app.SnapshotAsync(publication, "ada@example.com", s => s.ConfirmedAt is not null);
        var owner = await _app.OwnerAsync(publication);

        using var answer = await owner.DeleteAsync($"/api/v1/publications/{publication.Slug}/subscribers/{before.Id}");

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        var erased = await _app.Service.SentAsync<SubscriberErased>(e => e.SubscriberId == before.Id);
        var told = await _app.Service.SentAsync<SubscribersChanged>(c => c.Subscribers.Any(s => s.Id == before.Id && s.Deleted));
        Assert.True(told.Subscribers[0].Version > before.Version && told.Subscribers[0].Email.Length == 0);
        Assert.Equal(0, await CountAsync(publication));
        using var exchange = await _app.ExchangeAsync(session, publication.Id);
        Assert.Equal(HttpStatusCode.Unauthorized, exchange.StatusCode);

        Assert.Null((await EntryAsync(erased.ErasureId)).CompletedAt);
        await Task.WhenAll(new[] { "content", "billing", "mailer", "mailer" }.Select(s => _app.Service.PublishAsync(new ErasureDone(erased.ErasureId, s))));
        Assert.NotNull((await EntryAsync(erased.ErasureId)).CompletedAt);
    }

    [Fact]
    public async Task A_resync_sends_everybody_with_newer_versions_and_says_how_many_parts_there_are()
    {
        await using var app = await SubscriberApp.StartAsync();
        var (one, two) = (await app.PublicationAsync(), await app.PublicationAsync());
        var owner = await app.OwnerAsync(one);
        var rows = Enumerable.Range(0, 501).Select(i => new { email = $"r{i}@example.com", confirmed = true });
        using (await owner.PostAsJsonAsync($"/api/v1/publications/{one.Slug}/subscribers/import", rows)) { }
        await app.ReaderAsync(two, "ada@example.com");
        var before = await app.SnapshotAsync(two, "ada@example.com", s => s.ConfirmedAt is not null);

        using var client = app.Service.Anonymous();
        using var asked = await client.PostAsync("/internal/resync?event=SubscribersChanged", null);
        using var unknown = await client.PostAsync("/internal/resync?event=Nothing", null);

        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.NotFound), (asked.StatusCode, unknown.StatusCode));
        await app.Service.HurryAsync<SubscriberDb>();
        var parts = await Eventually.GetAsync(() => Task.FromResult(app.Service.Sent<Resync<SubscribersChanged>>() is { Count: 3 } all ? all : null), "three parts");
        Assert.All(parts, p => Assert.Equal((3, parts[0].ResyncId, parts[0].Since), (p.Parts, p.ResyncId, p.Since)));
        Assert.Equal([0, 1, 2], parts.Select(p => p.Part).Order());
        Assert.All(parts, p => Assert.All(p.Changed.Subscribers, s => Assert.True(s.Version >= p.Since && s.PublicationId == p.Changed.PublicationId)));
        Assert.Equal(502, parts.Sum(p => p.Changed.Subscribers.Count));
        Assert.Contains(parts, p => p.Changed.Subscribers.Any(s => s.Id == before.Id && s.Version > before.Version && s.UnsubscribeToken == before.UnsubscribeToken));
    }

    [Fact]
    public async Task Whoever_is_being_imported_while_a_resync_is_asked_for_is_not_let_go_of()
    {
        await using var app = await SubscriberApp.StartAsync();
        var publication = await app.PublicationAsync();
        var owner = await app.OwnerAsync(publication);
        await using var connection = new NpgsqlConnection(app.Service.Database.ConnectionString);
        await connection.OpenAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync("LOCK TABLE consents IN SHARE MODE");

        // Stamped, and half written.
        var importing = owner.PostAsJsonAsync($"/api/v1/publications/{publication.Slug}/subscribers/import", new[] { new { email = "ada@example.com", confirmed = true } });
        await Eventually.TrueAsync(async () => 1 == await ExecuteAsync("SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database WHERE NOT granted AND datname = current_database()"), "an import that waits");
        using (var asked = await app.Service.Anonymous().PostAsync("/internal/resync?event=SubscribersChanged", null)) asked.EnsureSuccessStatusCode();
        await Eventually.TrueAsync(() => app.Service.WithDbAsync<SubscriberDb, bool>(async db => !await db.Outbox.AnyAsync(m => m.DueAt <= DateTimeOffset.UtcNow)), "nothing that is due");
        await transaction.RollbackAsync();
        using var imported = await importing;
        await app.Service.HurryAsync<SubscriberDb>();

        var told = await app.SnapshotAsync(publication, "ada@example.com");
        var part = await app.Service.SentAsync<Resync<SubscribersChanged>>(_ => true);
        Assert.True(told.Version < part.Since, "the event alone does not keep the copies from letting go");
        Assert.Contains(part.Changed.Subscribers, s => s.Id == told.Id && s.Version >= part.Since);

        async Task<long> ExecuteAsync(string sql)
        {
            await using var command = new NpgsqlCommand(sql, connection, transaction);
            return await command.ExecuteScalarAsync() as long? ?? 0;
        }
    }

    [Fact]
    public async Task With_nobody_left_a_resync_still_tells_so()
    {
        await using var app = await SubscriberApp.StartAsync();

        await app.Service.PublishAsync(new RequestResync(nameof(SubscribersChanged)));

        var part = await app.Service.SentAsync<Resync<SubscribersChanged>>(_ => true);
        Assert.Equal((0, 1, 0), (part.Part, part.Parts, part.Changed.Subscribers.Count));
    }

    private Task<int> CountAsync(PublicationSnapshot publication) =>
        _app.Service.WithDbAsync<SubscriberDb, int>(db => db.Subscribers.CountAsync(s => s.PublicationId == publication.Id));

    private Task<ErasureEntry> EntryAsync(Guid id) => _app.Service.WithDbAsync<SubscriberDb, ErasureEntry>(db => db.Erasures.SingleAsync(e => e.Id == id));
}
